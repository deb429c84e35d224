"""SCH4: rules about reading input and writing output; those of the registry are in ``registry.py``."""

from dbt_scheduler.findings.finding import Rule, Severity

SCH401 = Rule(
    code="SCH401",
    summary="A file does not exist",
    message="the file does not exist",
    why="The checks need this file.",
    example="""\
$ dbt-scheduler check shop
shop/target/manifest.json: SCH401 the file does not exist
  hint: run `dbt compile` in shop first
""",
    fix="Run the command in the hint, or correct the path.",
)
SCH402 = Rule(
    code="SCH402",
    summary="A file cannot be read",
    message="the file cannot be read: {problem}",
    hint="run `dbt compile` again",
    why="The file is truncated, has a different format or encoding, or you do not have permission to read it. "
    "A partially read file would give wrong results.",
    example="""\
$ dbt-scheduler check shop
shop/target/manifest.json: SCH402 the file cannot be read: Input data was truncated
  hint: run `dbt compile` again
""",
    fix="Recreate the file: for a manifest, run `dbt compile`; save text files as UTF-8; check the file's "
    "permissions.",
)
SCH403 = Rule(
    code="SCH403",
    summary="The manifest has an unsupported version",
    message="manifest version {version}, written by dbt {dbt_version}, is not supported",
    hint="manifest v12 is supported: compile the project with dbt 1.8 to 1.12",
    why="The version of `manifest.json` depends on the dbt version, which also runs the compiled tasks. "
    "Older dbt versions lack command-line options that the tasks use; the format of newer manifest "
    "versions is unknown.",
    example="""\
shop/target/manifest.json: SCH403 manifest version v11, written by dbt 1.7.19, is not supported
  hint: manifest v12 is supported: compile the project with dbt 1.8 to 1.12
""",
    fix="Compile the project, and run its tasks, with a supported dbt version. For a newer manifest, "
    "upgrade dbt-scheduler.",
)
SCH404 = Rule(
    code="SCH404",
    summary="A YAML file is invalid",
    message="invalid YAML: {problem}",
    why="A file with a syntax error cannot be used at all.",
    example="""\
# scheduler.yaml
exposed_assets:
  - regex: "dim_.*"
  slo:               # indent by two more spaces: belongs to the entry above
    daily: {hours: 6}
""",
    fix="Correct the line named in the message, or the line before it. Common causes are wrong "
    "indentation, a missing quote or a tab.",
)
SCH405 = Rule(
    code="SCH405",
    summary="`platform.yaml` does not match the schema",
    message="{problem}",
    why="The file applies to every team's DAGs. Without this check, a misspelled key would silently fall "
    "back to its default.",
    example="""\
# platform.yaml
version: 1
defaults:
  retrys: 2
""",
    fix="Correct the key or the value. The default `platform.yaml` of the package documents every key.",
)
SCH406 = Rule(
    code="SCH406",
    summary="A pipeline has an invalid schedule",
    message='pipeline "{pipeline}": {problem}',
    why="A run waits for the run of another pipeline that covers the matching period. This requires a "
    "schedule that runs exactly once in each period of its grain, and never at a time that a daylight "
    "saving change skips.",
    example="""\
# platform.yaml
pipelines:
  daily: {cron: "0 */6 * * *", grain: day}   # four ticks in each day
""",
    fix="Correct the cron expression, the timezone or the grain.",
)
SCH407 = Rule(
    code="SCH407",
    summary="The output cannot be written",
    message="the output cannot be written: {problem}",
    why="Existing files are unchanged: each file is replaced atomically.",
    example="""\
$ dbt-scheduler compile shop --out /read-only
/read-only/dags: SCH407 the output cannot be written: Permission denied
""",
    fix="Choose a folder that you can write to, or free disk space.",
)
SCH408 = Rule(
    code="SCH408",
    summary="A folder is not a dbt project",
    message="not a dbt project: {problem}",
    hint="specify the folder that contains dbt_project.yml",
    why="A team is one dbt project with a `scheduler.yaml` next to its `dbt_project.yml`.",
    example="""\
$ dbt-scheduler check docs
docs: SCH408 not a dbt project: no dbt_project.yml found in this folder
""",
    fix="Specify the folder that contains `dbt_project.yml`.",
)
SCH410 = Rule(
    code="SCH410",
    summary="A YAML key is duplicated",
    message='duplicate key "{key}"',
    hint="the first one is on line {first_line}: remove one of them, or merge their contents",
    why="YAML parsers silently keep only the last of the two.",
    example="""\
# scheduler.yaml
tasks:
  - {kind: universal, name: load}
tasks:
  - {kind: universal, name: export}
""",
    fix="Merge the two keys into one.",
)
SCH411 = Rule(
    code="SCH411",
    severity=Severity.NOTE,
    summary="YAML parses an unquoted value as a different type",
    message="{where}: YAML parses {written} as {read}",
    hint='if it is meant as a string, quote it: "{written}"',
    why="YAML parses `on`, `off`, `yes` and `no` as booleans, `10:30` as 630, `1_000` as 1000, `010` as 8 "
    "and `2025-01-01` as a date.",
    example="""\
# scheduler.yaml
tasks:
  - {kind: universal, name: on, assets: [switches]}
""",
    fix="Put the value in quotes.",
)
SCH416 = Rule(
    code="SCH416",
    summary="The output folder of adopt contains other files",
    message="this folder was not written by dbt-scheduler adopt: {problem}",
    hint="specify a folder that is empty or does not exist yet",
    why="`adopt` replaces its own earlier proposals. It does not overwrite other files.",
    example="""\
$ dbt-scheduler adopt shop shipping --out shop
shop: SCH416 this folder was not written by dbt-scheduler adopt: it contains files, but no adopt.json
""",
    fix="Specify another folder with `--out`.",
)
SCH417 = Rule(
    code="SCH417",
    summary="A project name is not a valid team name",
    message='"{team}" is not a valid team name',
    hint="set `team` in its scheduler.yaml: up to 100 letters, digits, _ and -, starting with a letter, a digit or _",
    why="The team name is used as the name of a registry file, as part of DAG ids and as the name of a "
    "source.",
    example="A manifest whose `project_name` is `../shop`.",
    fix="Set `team` in `scheduler.yaml`. If you specified only a manifest, specify the project's folder "
    "instead.",
)
SCH420 = Rule(
    code="SCH420",
    summary="A folder is not an output folder of `compile`",
    message="not an output folder of dbt-scheduler compile: {problem}",
    hint="specify a folder that `dbt-scheduler compile --out` wrote; for a new team, use an empty folder as BASE",
    why="A report on an incomplete output would list the missing parts as removed.",
    example="""\
$ dbt-scheduler report base head
head: SCH420 not an output folder of dbt-scheduler compile: the folder registry/ does not exist
""",
    fix="Compile both the base branch and the pull request, and specify the two folders.",
)
SCH421 = Rule(
    code="SCH421",
    summary="The two outputs belong to different teams",
    message="HEAD is the output of team {head}, but BASE is the output of team {base}",
    hint="compile the same project twice: from the base branch, and from the pull request",
    why="The report would list everything as removed and added.",
    example="""\
$ dbt-scheduler report shipping_out playground_out
playground_out: SCH421 HEAD is the output of team playground, but BASE is the output of team shipping
""",
    fix="Specify two outputs of the same project. To rename a team, publish it under the new name, let its "
    "consumers switch, then remove the old entry.",
)
SCH422 = Rule(
    code="SCH422",
    summary="A DAG spec is invalid",
    message="this file {problem}",
    why="An incomplete spec would give a different DAG. Airflow also rejects it, with an import error.",
    example="""\
$ dbt-scheduler waits shop_daily
out/dags/shop_daily.json: SCH422 this file is truncated or not JSON: Input data was truncated
  hint: run `dbt-scheduler compile` again and deploy the .json file together with its .py file
""",
    fix="Compile again, and deploy the folder `dags/` unchanged.",
)
SCH424 = Rule(
    code="SCH424",
    summary="A secret would be visible in the task's definition",
    message='{block}: "{variable}" looks like a secret, and with "where: {where}" its value would be visible in the task\'s definition',
    hint="remove it from environment, and reference a secret of {where} instead, or let the job read the secret itself",
    why="Kubernetes and Google Cloud show the environment variables of a pod or job to everyone with "
    "permission to view it. A reference to a secret does not show its value.",
    example="""\
# platform.yaml
dbt: {where: kubernetes, environment: {pass: [DBT_ENV_SECRET_PASSWORD]}}
""",
    fix="Store the secret in the cluster and reference it: `kubernetes_secrets: {DBT_ENV_SECRET_PASSWORD: "
    "warehouse/password}`; for Cloud Run, use `google_secrets`. A Vertex AI job reads Secret Manager "
    "itself, as its `google_service_account`.",
)
SCH425 = Rule(
    code="SCH425",
    summary="A key of `platform.yaml` does not apply to the configured `where`",
    message='{block}.{key} has no effect: it applies to {able}, and these tasks run with "where: {where}"',
    hint="remove it; the keys of {where} are: {keys}",
    severity=Severity.WARNING,
    why="Each value of `where` has its own keys. A key of a different one has no effect, even if someone "
    "relies on it.",
    example="""\
# platform.yaml
dbt: {where: kubernetes, network: warehouse}
""",
    fix="Remove the key, or use the corresponding key of the configured `where`.",
)
SCH426 = Rule(
    code="SCH426",
    summary="`platform.yaml` requests an unsupported resource",
    message="{block}: {problem}",
    hint="correct {block} in platform.yaml",
    why="Every job would be rejected: no task of the kind could start.",
    example="""\
# platform.yaml
kinds: {universal: {where: cloud-run, cpus: 3}}   # Cloud Run has 1, 2, 4, 6 or 8 CPUs
""",
    fix="Use a supported value; [google.md](google.md) lists those of Cloud Run.",
)

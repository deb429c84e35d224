"""SCH4: input that cannot be read or used, and output that cannot be written; the registry has a module of its own."""

from dbt_scheduler.findings.finding import Rule, Severity

SCH401 = Rule(
    code="SCH401",
    summary="A file is missing",
    message="the file does not exist",
    why="Nothing can be checked without it.",
    example="""\
$ dbt-scheduler check shop
shop/target/manifest.json: SCH401 the file does not exist
  hint: run `dbt compile` in shop first
""",
    fix="Run the command that the hint names, or correct the path.",
)
SCH402 = Rule(
    code="SCH402",
    summary="A file cannot be read",
    message="the file cannot be read: {problem}",
    hint="run `dbt compile` again",
    why="The file is cut off, in another format or encoding, or not yours to read: half of it would be "
    "worse than none.",
    example="""\
$ dbt-scheduler check shop
shop/target/manifest.json: SCH402 the file cannot be read: Input data was truncated
  hint: run `dbt compile` again
""",
    fix="Write the file again: for a manifest run `dbt compile`; save text as UTF-8; check who may read it.",
)
SCH403 = Rule(
    code="SCH403",
    summary="The manifest has a version that is not supported",
    message="manifest version {version}, written by dbt {dbt_version}, is not supported",
    hint="manifest v12 is supported: compile the project with dbt 1.8 to 1.12",
    why="Each dbt version writes its own version of `manifest.json`, and runs the tasks of what was compiled from it. "
    "An older dbt does not know the options of their commands; a manifest of an unknown version may mean something else.",
    example="""\
shop/target/manifest.json: SCH403 manifest version v11, written by dbt 1.7.19, is not supported
  hint: manifest v12 is supported: compile the project with dbt 1.8 to 1.12
""",
    fix="Compile the project, and run its tasks, with a supported dbt version; for a newer manifest, install a newer "
    "dbt-scheduler.",
)
SCH404 = Rule(
    code="SCH404",
    summary="A YAML file does not parse",
    message="this is not valid YAML: {problem}",
    why="Nothing in the file can be used until all of it parses.",
    example="""\
# scheduler.yaml
exposed_assets:
  - regex: "dim_.*"
  slo:               # belongs to the entry above: two spaces more
    daily: {hours: 6}
""",
    fix="Correct the line that the message names, or the one before it: most often an indent, a missing "
    "quote or a tab.",
)
SCH405 = Rule(
    code="SCH405",
    summary="`platform.yaml` has the wrong shape",
    message="{problem}",
    why="It holds for every team's DAGs. A misspelled key would fall back to its default without a word.",
    example="""\
# platform.yaml
version: 1
defaults:
  retrys: 2
""",
    fix="Correct the key or the value. The default file that ships with the package documents every key.",
)
SCH406 = Rule(
    code="SCH406",
    summary="A pipeline of the platform cannot be aligned with others",
    message='pipeline "{pipeline}": {problem}',
    why="A run waits for the run of another pipeline that covers the right period. That needs a schedule"
    " that ticks exactly once in each period of its grain, and never at a time that a clock change "
    "leaves out.",
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
    why="What was there before is still whole: each file is replaced at once or not at all.",
    example="""\
$ dbt-scheduler compile shop --out /read-only
/read-only/dags: SCH407 the output cannot be written: Permission denied
""",
    fix="Choose a folder that you may write to, or make room on its disk.",
)
SCH408 = Rule(
    code="SCH408",
    summary="A folder is no dbt project",
    message="this folder is no dbt project: it has no dbt_project.yml",
    hint="name the folder that holds dbt_project.yml",
    why="A team is one dbt project with a `scheduler.yaml` beside its `dbt_project.yml`.",
    example="""\
$ dbt-scheduler check docs
docs: SCH408 this folder is no dbt project: it has no dbt_project.yml
""",
    fix="Name the folder that holds `dbt_project.yml`.",
)
SCH410 = Rule(
    code="SCH410",
    summary="A YAML key is written twice",
    message='key "{key}" is written twice',
    hint="the first is in line {first_line}: keep one, or join what stands under the two",
    why="YAML keeps the last one and drops the first without a word.",
    example="""\
# scheduler.yaml
tasks:
  - {kind: universal, name: load}
tasks:
  - {kind: universal, name: export}
""",
    fix="Join the two into one.",
)
SCH411 = Rule(
    code="SCH411",
    severity=Severity.NOTE,
    summary="YAML reads a word as another value than it looks like",
    message="{where}: YAML reads {written} as {read}",
    hint='put it in quotes if the word is meant: "{written}"',
    why="`on`, `off`, `yes`, `no` are true and false in YAML, `10:30` is 630, `1_000` is 1000, `010` is "
    "8 and `2025-01-01` is a date.",
    example="""\
# scheduler.yaml
tasks:
  - {kind: universal, name: on, assets: [switches]}
""",
    fix="Put the word in quotes.",
)
SCH416 = Rule(
    code="SCH416",
    summary="The folder for proposals holds something else",
    message="this folder is no proposal of an earlier adopt: {problem}",
    hint="name a folder that is empty or does not exist yet",
    why="`adopt` replaces the proposals that it wrote before. What somebody else keeps in a folder, it leaves alone.",
    example="""\
$ dbt-scheduler adopt shop shipping --out shop
shop: SCH416 this folder is no proposal of an earlier adopt: it has files, but no adopt.json
""",
    fix="Name another folder with `--out`.",
)
SCH417 = Rule(
    code="SCH417",
    summary="A project's name that no team can have",
    message='"{team}" cannot be the name of a team',
    hint="set `team` in its scheduler.yaml: at most 100 letters, digits, _ and -, with a letter, a digit or _ first",
    why="A team's name becomes a file of the registry, a part of DAG ids and the name of a source.",
    example="A manifest whose `project_name` is `../shop`.",
    fix="Set `team` in `scheduler.yaml`; for a bare manifest, name the project's folder instead.",
)
SCH420 = Rule(
    code="SCH420",
    summary="A folder is no compiled output",
    message="this is no output of dbt-scheduler compile: {problem}",
    hint="name a folder that `dbt-scheduler compile --out` wrote; for a team that is new, an empty one as BASE",
    why="A report from half of an output would call what is missing removed.",
    example="""\
$ dbt-scheduler report base head
head: SCH420 this is no output of dbt-scheduler compile: it has no folder registry/
""",
    fix="Compile both sides of the pull request, and name the two folders.",
)
SCH421 = Rule(
    code="SCH421",
    summary="Two outputs of different teams",
    message="this is of team {head}, but BASE is of team {base}",
    hint="compile the same project twice: as it is in the base branch, and as the pull request makes it",
    why="Everything would look removed and added.",
    example="""\
$ dbt-scheduler report shipping_out playground_out
playground_out: SCH421 this is of team playground, but BASE is of team shipping
""",
    fix="Name two outputs of one project. A team gets a new name in two steps: publish under the new name, "
    "let its readers change, then remove the old one.",
)
SCH422 = Rule(
    code="SCH422",
    summary="A DAG spec that cannot be used",
    message="this file {problem}",
    why="A half of a spec would be another DAG. Airflow refuses it too, with an import error.",
    example="""\
$ dbt-scheduler waits shop_daily
out/dags/shop_daily.json: SCH422 this file is cut off or no JSON: Input data was truncated
  hint: run `dbt-scheduler compile` again and deploy the .json file together with its .py file
""",
    fix="Compile again, and deploy the folder `dags/` as it was written.",
)
SCH424 = Rule(
    code="SCH424",
    summary="A secret would be shown with the task",
    message='{block}: "{variable}" is called like a secret, and in "where: {where}" it would be shown with the task',
    hint="remove it from environment, and name a secret of that place, or let the job read it itself",
    why="A cluster, and Google Cloud, show the variables of what they run, as they are, to everybody who may look at it. "
    "A reference to one of their own secrets shows nothing.",
    example="""\
# platform.yaml
dbt: {where: kubernetes, environment: {pass: [DBT_ENV_SECRET_PASSWORD]}}
""",
    fix="Keep the secret in the cluster, and name it: `kubernetes_secrets: {DBT_ENV_SECRET_PASSWORD: warehouse/password}`; "
    "for Cloud Run, `google_secrets`. A job of Vertex AI reads Secret Manager itself, as its `google_service_account`.",
)
SCH425 = Rule(
    code="SCH425",
    summary="A key of `platform.yaml` is about another place",
    message='{block}.{key} has no effect: it is about {able}, and these tasks run in "where: {where}"',
    hint="remove it; {where} has the keys: {keys}",
    severity=Severity.WARNING,
    why="Each place has keys of its own. One of another place does nothing, and may be what somebody relies on.",
    example="""\
# platform.yaml
dbt: {where: kubernetes, network: warehouse}
""",
    fix="Remove the key, or use the one that the place has for it.",
)
SCH426 = Rule(
    code="SCH426",
    summary="A platform asks a place for what it does not have",
    message="{block}: {problem}",
    hint="correct {block} in platform.yaml",
    why="The place would refuse every job: no task of the kind could start.",
    example="""\
# platform.yaml
kinds: {universal: {where: cloud-run, cpus: 3}}   # Cloud Run has 1, 2, 4, 6 or 8 CPUs
""",
    fix="Name what the place has; [google.md](google.md) says it of Cloud Run.",
)

"""SCH2: rules about a ``scheduler.yaml``: its tasks, exposed assets and ignores."""

from dbt_scheduler.findings.finding import Rule

SCH201 = Rule(
    code="SCH201",
    summary="`scheduler.yaml` does not match the schema",
    message="{problem}",
    why="A misspelled key or a value of the wrong type would otherwise be ignored silently, and the DAG "
    "would not run as configured.",
    example="""\
# scheduler.yaml
version: 0.17
tasks:
  - kind: universal
    assets: [predictions]
    timeuot: {minutes: 30}   # unknown key
""",
    fix="Correct the key or value named in the message. Editors that support JSON Schema (`# "
    "yaml-language-server: $schema=...` as the first line) complete keys and mark mistakes as you type.",
)
SCH202 = Rule(
    code="SCH202",
    summary="`scheduler.yaml` has an unsupported version",
    message="version {version} is not supported",
    hint="supported versions: {supported}",
    why="The version defines how the rest of the file is interpreted. It is read as text in the form "
    "major.minor, so 0.17 and 0.170 are different versions.",
    example="""\
# scheduler.yaml
version: 0.9
""",
    fix="Set a supported version, or install the release of dbt-scheduler that supports yours.",
)
SCH203 = Rule(
    code="SCH203",
    summary="`scheduler.yaml` or `external_assets.yaml` uses an unknown pipeline",
    message='{where}: unknown pipeline "{pipeline}"',
    hint="available pipelines: {pipelines}",
    why="Pipelines are defined once for all teams in `platform.yaml`. A task in an unknown one would "
    "never run.",
    example="""\
# scheduler.yaml
tasks:
  - kind: universal
    assets: [predictions]
    pipelines: [dayly]
""",
    fix="Use one of the platform's pipelines, or ask the platform team to add a new one.",
)
SCH204 = Rule(
    code="SCH204",
    summary="Two tasks of `scheduler.yaml` have the same name",
    message='two tasks are named "{name}"',
    hint="rename one of them: the other task is defined on line {other_line}",
    why="The name identifies the task in Airflow. A task without a `name` is named after its first asset.",
    example="""\
# scheduler.yaml
tasks:
  - {kind: universal, name: export, assets: [orders_file]}
  - {kind: universal, name: export, assets: [customers_file]}
""",
    fix="Change the `name` of one of the two tasks.",
)
SCH205 = Rule(
    code="SCH205",
    summary="A condition was not found in the project",
    message='task "{task}" depends on the condition "{condition}", which was not found in this project',
    hint="a condition is a model, seed, snapshot, function, source table or an asset of another task",
    why="The task would start without waiting for the table it needs.",
    example="""\
# scheduler.yaml
tasks:
  - kind: universal
    assets: [predictions]
    conditions: [dim_custmers]   # the model is dim_customers
""",
    fix="Correct the name. To wait for another team's table, declare it as a global asset in a source first.",
)
SCH206 = Rule(
    code="SCH206",
    summary="A name in `scheduler.yaml` is ambiguous",
    message='task "{task}": "{name}" is ambiguous: {choices}',
    hint='write it as "{example}"',
    why="If dbt-scheduler guessed, the task could wait for, or fill, the wrong table.",
    example="""\
# scheduler.yaml, in a project with sources crm.events and shop.events
tasks:
  - {kind: universal, assets: [events]}
""",
    fix="Use `source.table`, for example `shop.events`.",
)
SCH207 = Rule(
    code="SCH207",
    summary="An asset of a task is not a source table in the project",
    message='task "{task}": asset "{asset}" is not a source table in this project',
    hint="declare the table under `sources:` in a YAML file of this project",
    why="Models read what a task produces with `source()`. Without the source table, no model can depend "
    "on the task.",
    example="""\
# scheduler.yaml, in a project without a source table named predictions
tasks:
  - {kind: universal, assets: [predictions]}
""",
    fix="Declare the table in a source, or correct the name.",
)
SCH208 = Rule(
    code="SCH208",
    summary="Two tasks fill the same table",
    message='table "{asset}" is filled by two tasks: "{first}" and "{second}"',
    hint="list it under `assets` of only one of them",
    why="Consumers wait for one task. If two tasks fill a table, it is unclear when the table is complete. "
    "Tables with the same relation are the same table, whatever their names; a dbt node that builds "
    "the relation counts as such a task too.",
    example="""\
# scheduler.yaml
tasks:
  - {kind: universal, name: load, assets: [events]}
  - {kind: universal, name: reload, assets: [events]}
""",
    fix="Let only one task fill the table, or give each task its own table.",
)
SCH209 = Rule(
    code="SCH209",
    summary="The pipelines of a task cannot be derived",
    message='task "{task}": its pipelines cannot be derived: {reason}',
    hint="set them, for example `pipelines: [daily]`",
    why="A task without `pipelines` runs in the pipelines shared by all of its own team's conditions, or "
    "else in the pipelines of the models that read its assets. Here, neither gives a pipeline.",
    example="""\
# scheduler.yaml, in a project where no scheduled model reads predictions
tasks:
  - {kind: universal, assets: [predictions]}
""",
    fix="Set `pipelines` on the task.",
)
SCH210 = Rule(
    code="SCH210",
    summary="The regex of an exposed asset is invalid",
    message='"{regex}" is not a valid regular expression: {problem}',
    hint='to match any text, use ".*"',
    why="dbt-scheduler cannot determine which tables to expose.",
    example="""\
# scheduler.yaml
exposed_assets:
  - regex: "*_daily"
""",
    fix="Correct the regular expression. To match any text, use `.*`, as in `.*_daily`. The expression "
    "must match the full name.",
)
SCH211 = Rule(
    code="SCH211",
    summary="The regex of an exposed asset matches nothing",
    message='regex "{regex}" does not match any asset of this team',
    hint="the regex must match the full name; the first entry that matches an asset applies",
    why="The table was renamed or removed, or the regex is wrong. Other teams cannot depend on the tables "
    "you meant to expose.",
    example="""\
# scheduler.yaml, in a project where all dimensions are named dim_...
exposed_assets:
  - regex: "dimension_.*"
""",
    fix="Correct the regex, move it above the entry that already matches its assets, or remove it.",
)
SCH212 = Rule(
    code="SCH212",
    summary="An SLO is set for a pipeline that does not build the asset",
    message='the SLO is set for pipeline "{pipeline}", but {made_in_it}',
    hint="{they} built in: {pipelines}",
    why="The SLO can never be met: no run of that pipeline builds any of the tables that the regex matches.",
    example="""\
# scheduler.yaml, where dim_customers has pipelines: [daily]
exposed_assets:
  - regex: "dim_customers"
    slo: {hourly: {minutes: 30}}
""",
    fix="Use a pipeline that builds the assets, or add this pipeline to the node's `pipelines`. One entry may list "
    "pipelines for assets in different pipelines: each asset is exposed, with the SLO, in the listed "
    "pipelines that build it, and in no others.",
)
SCH213 = Rule(
    code="SCH213",
    summary="An ignore entry matches no finding",
    message="the ignore entry for {what} does not match any finding",
    hint="remove the entry",
    why="The finding it silenced no longer exists. If the entry stayed, it would hide the next finding of "
    "the same kind.",
    example="""\
# scheduler.yaml, after dim_old was removed
ignore:
  - {code: SCH305, on: dim_old, because: "removed next quarter"}
""",
    fix="Remove the entry, or correct its `code` or its `on`.",
)
SCH214 = Rule(
    code="SCH214",
    summary="A condition is disabled or runs in no pipeline",
    message='task "{task}" depends on the condition "{condition}", which is {state}',
    hint="add pipelines to it, or remove it from the conditions",
    why="The task would wait for something that never runs.",
    example="""\
# scheduler.yaml, where stg_orders has no meta.scheduler.pipelines
tasks:
  - {kind: universal, assets: [predictions], conditions: [stg_orders]}
""",
    fix="Add `pipelines` to the node (or enable it in dbt), or remove the condition.",
)
SCH227 = Rule(
    code="SCH227",
    summary="`scheduler.yml` is not read",
    message="this file is not read: it has to be named scheduler.yaml",
    hint="rename it to scheduler.yaml",
    why="Without a `scheduler.yaml`, the defaults apply: the tasks and exposed assets in the other file would be "
    "missing silently.",
    example="A dbt project with a `scheduler.yml` next to its `dbt_project.yml`.",
    fix="Rename the file to `scheduler.yaml`. If there is one already, merge the two.",
)

"""SCH2: what can be wrong in a ``scheduler.yaml``: its tasks, its exposed assets, its ignores."""

from dbt_scheduler.findings.finding import Rule

SCH201 = Rule(
    code="SCH201",
    summary="`scheduler.yaml` has the wrong shape",
    message="{problem}",
    why="A key that is misspelled or has a value of another type would be left out silently, and the DAG "
    "would not do what the file says.",
    example="""\
# scheduler.yaml
version: 0.17
tasks:
  - kind: universal
    assets: [predictions]
    timeuot: {minutes: 30}   # no such key
""",
    fix="Correct the key or the value that the message names. An editor that knows the schema (`# yaml-"
    "language-server: $schema=...` as the first line) completes keys and marks mistakes as you type.",
)
SCH202 = Rule(
    code="SCH202",
    summary="`scheduler.yaml` has a version that is not supported",
    message="version {version} is not supported",
    hint="supported: {supported}",
    why="The version says what the rest of the file means. It is read from the text as major.minor, so "
    "0.17 and 0.170 are two versions.",
    example="""\
# scheduler.yaml
version: 0.9
""",
    fix="Write a supported version, or install the release of dbt-scheduler that reads yours.",
)
SCH203 = Rule(
    code="SCH203",
    summary="`scheduler.yaml` or `external_assets.yaml` names a pipeline that the platform does not have",
    message='{where}: unknown pipeline "{pipeline}"',
    hint="the platform's pipelines: {pipelines}",
    why="Pipelines are defined once for all teams in `platform.yaml`. A task in an unknown one would "
    "never run.",
    example="""\
# scheduler.yaml
tasks:
  - kind: universal
    assets: [predictions]
    pipelines: [dayly]
""",
    fix="Use one of the platform's pipelines, or ask the platform team for a new one.",
)
SCH204 = Rule(
    code="SCH204",
    summary="Two tasks of `scheduler.yaml` have the same name",
    message='two tasks are called "{name}"',
    hint="give this one a name of its own: the other stands in line {other_line}",
    why="A task is known by its name in Airflow. A task without a `name` is called after its first asset.",
    example="""\
# scheduler.yaml
tasks:
  - {kind: universal, name: export, assets: [orders_file]}
  - {kind: universal, name: export, assets: [customers_file]}
""",
    fix="Write another `name` in one of the two.",
)
SCH205 = Rule(
    code="SCH205",
    summary="A condition names nothing that this project knows",
    message='task "{task}": condition "{condition}" names nothing in this project',
    hint="name a model, seed, snapshot, function, source table or an asset of another task",
    why="The task would start without waiting for the table that it needs.",
    example="""\
# scheduler.yaml
tasks:
  - kind: universal
    assets: [predictions]
    conditions: [dim_custmers]   # the model is dim_customers
""",
    fix="Correct the name. Another team's table must first be declared as a global asset, in a source.",
)
SCH206 = Rule(
    code="SCH206",
    summary="A name in `scheduler.yaml` fits more than one thing",
    message='task "{task}": "{name}" is ambiguous: {choices}',
    hint='write it as "{example}"',
    why="Guessing which one is meant would make the task wait for the wrong table, or fill it.",
    example="""\
# scheduler.yaml, in a project with sources crm.events and shop.events
tasks:
  - {kind: universal, assets: [events]}
""",
    fix="Write `source.table`, for example `shop.events`.",
)
SCH207 = Rule(
    code="SCH207",
    summary="An asset of a task is not a source table of the project",
    message='task "{task}": asset "{asset}" is no source table of this project',
    hint="declare the table under `sources:` in a yml file of this project",
    why="Models read what a task produces through `source()`. Without the source table nothing can "
    "follow the task.",
    example="""\
# scheduler.yaml, and no source table called predictions in the project
tasks:
  - {kind: universal, assets: [predictions]}
""",
    fix="Declare the table in a source, or correct the name.",
)
SCH208 = Rule(
    code="SCH208",
    summary="Two tasks fill the same table",
    message='table "{asset}" is filled by two tasks: "{first}" and "{second}"',
    hint="leave it under `assets` of one of them",
    why="Readers wait for one task. With two of them, nobody can say when the table is complete. Tables are the same "
    "where they lie in the same place, whatever their names; a dbt node that builds it is such a task too.",
    example="""\
# scheduler.yaml
tasks:
  - {kind: universal, name: load, assets: [events]}
  - {kind: universal, name: reload, assets: [events]}
""",
    fix="Let one task fill the table, or let the tasks fill two tables.",
)
SCH209 = Rule(
    code="SCH209",
    summary="The pipelines of a task cannot be derived",
    message='task "{task}": its pipelines cannot be derived: {reason}',
    hint="write them, for example `pipelines: [daily]`",
    why="A task without `pipelines` runs in those that all its own team's conditions share, else in "
    "those of the models that read its assets. Here neither leads to one.",
    example="""\
# scheduler.yaml, and no scheduled model reads predictions
tasks:
  - {kind: universal, assets: [predictions]}
""",
    fix="Write `pipelines` in the task.",
)
SCH210 = Rule(
    code="SCH210",
    summary="The regex of an exposed asset does not compile",
    message='regex "{regex}" does not compile: {problem}',
    hint='a regular expression: "anything" is ".*"',
    why="Which tables other teams may depend on would be unknown.",
    example="""\
# scheduler.yaml
exposed_assets:
  - regex: "*_daily"
""",
    fix='Write a regular expression: "anything" is `.*`, as in `.*_daily`. It must match the whole name.',
)
SCH211 = Rule(
    code="SCH211",
    summary="The regex of an exposed asset exposes nothing",
    message='regex "{regex}" matches no asset of this team',
    hint="it must match the whole name, and an earlier entry that matches wins",
    why="A table was renamed or removed, or the regex is wrong: other teams cannot depend on what you "
    "meant to expose.",
    example="""\
# scheduler.yaml, in a project where every dimension is called dim_...
exposed_assets:
  - regex: "dimension_.*"
""",
    fix="Correct the regex, move it before the entry that takes its assets, or remove it.",
)
SCH212 = Rule(
    code="SCH212",
    summary="An SLO is promised for a pipeline that does not make the asset",
    message='slo for pipeline "{pipeline}", but {made_in_it}',
    hint="{they} made in: {pipelines}",
    why="The promise could never be kept: no run of that pipeline makes any of the tables that the regex matches.",
    example="""\
# scheduler.yaml, where dim_customers has pipelines: [daily]
exposed_assets:
  - regex: "dim_customers"
    slo: {hourly: {minutes: 30}}
""",
    fix="Name a pipeline of the assets, or add this pipeline to the node's `pipelines`. An entry may name pipelines "
    "for assets of several: each is promised for those of them that make it, and exposed in no other.",
)
SCH213 = Rule(
    code="SCH213",
    summary="An ignore matches no finding",
    message="ignore of {what} matches no finding",
    hint="remove the entry",
    why="What it silenced is gone. Left in place it would hide the next mistake of the same kind.",
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
    message='task "{task}": condition "{condition}" is {state}',
    hint="give it pipelines, or take it out of the conditions",
    why="The task would wait for something that never runs.",
    example="""\
# scheduler.yaml, where stg_orders has no meta.scheduler.pipelines
tasks:
  - {kind: universal, assets: [predictions], conditions: [stg_orders]}
""",
    fix="Give the node `pipelines` (or enable it in dbt), or remove the condition.",
)

"""SCH3: assets, the waits between teams, and the registry."""

from dbt_scheduler.findings.finding import Rule, Severity

SCH305 = Rule(
    code="SCH305",
    severity=Severity.WARNING,
    summary="An exposed asset that no pipeline makes",
    message="{assets} exposed, but no pipeline runs {it}",
    hint="give {it} pipelines, or narrow the regex",
    why="Other teams would wait for a table that nobody builds.",
    example='`exposed_assets: [{regex: "dim_.*"}]` matches `dim_old`, which has no `pipelines`.',
    fix="Add `pipelines` to the node's `meta.scheduler`, or write the regex so that it leaves the node out.",
)
SCH306 = Rule(
    code="SCH306",
    summary="A hidden edge: a source that is another team's asset",
    message='source "{source}" reads {relation}, which is the asset "{asset}" of team {team}',
    hint='declare it as a global asset: put the source "{team}" with the table "{asset}" in a file under a folder global_assets',
    why=(
        "The table is made by another team, but the scheduler sees a plain source and waits for nothing: "
        "the model reads yesterday's data whenever that team is late."
    ),
    example="A source `raw.fct_shipments` whose schema and identifier are those of shipping's model `fct_shipments`.",
    fix="Declare the table as a global asset and read it with `source()`.",
)
SCH307 = Rule(
    code="SCH307",
    summary="A source that is this project's own table",
    message='source "{source}" reads {relation}, which this project builds itself as {node}',
    hint='use ref("{name}") instead of source()',
    why="dbt sees no lineage between the two, so the reader may run before the table is built.",
    example="A source table `marts.orders` and a model `orders` in the schema `marts`; or a second source table that "
    "lies where one lies which a declared task fills.",
    fix="Replace `source()` by `ref()`, or by the `source()` of the table that the task fills. A model that has to read what its own last run has left says so at the source "
    "table: `meta: {scheduler: {own_table: true}}`.",
)
SCH323 = Rule(
    code="SCH323",
    severity=Severity.NOTE,
    summary="Source tables that teams make, and that nothing reads",
    message="source tables that this or another team makes are declared here, and nothing reads them: {count}, such as "
    '"{source}"',
    hint="remove the declarations, or leave them",
    why="Nothing waits for them and nothing has to: once a model reads one, SCH306 or SCH307 says what to do.",
    example="A source table that lies where another team's model lies, and that no model, task or exposure reads.",
    fix="Remove the declarations that nobody needs; `dbt-scheduler adopt` proposes it.",
)
WOULD_CLOSE_A_CYCLE = (
    'ref("{name}") would close a dependency cycle, because {name} is built from {reader}; if the source is meant to '
    "read what the last run has left, write meta: {{scheduler: {{own_table: true}}}} at its table"
)
"""The hint of SCH307 where its usual one cannot be followed."""
READS_ITSELF = "if it is meant to read what the last run has left, write meta: {scheduler: {own_table: true}} at its table"
"""The hint of SCH307 for a task that reads what it fills."""

SCH308 = Rule(
    code="SCH308",
    summary="An SLO that lineage makes impossible",
    message='"{asset}" promises to be ready {promised} in {pipeline}, but needs "{needed}" of team {team}, which is ready {ready} at the earliest: {chain}',
    hint="promise {possible} or more, or make the dependency no_wait",
    why="A promise that is earlier than that of something it waits for cannot be kept, whoever is in between: the "
    "message ends with the way there, through tables that promise nothing too.",
    example="An SLO of one hour on a table that waits for one with an SLO of six.",
    fix="Raise the SLO, or agree on an earlier one with the producer.",
)
SCH309 = Rule(
    code="SCH309",
    summary="A circle of tasks that wait for each other",
    message="tasks wait for each other in a circle: {loop}",
    hint="break it: make one of these waits no_wait, or split a model in two",
    why="Each task would wait for the next one for ever. Teams may depend on each other both ways, tasks may not.",
    example="`a` reads another team's `b`, and `b` reads `a`.",
    fix="Remove one of the reads, split the model, or declare the dependency `no_wait`.",
)
SCH310 = Rule(
    code="SCH310",
    summary="One dag_id for two teams",
    message='dag_id "{dag_id}" belongs to team {team} and to team {other}',
    hint="choose another dag_prefix in scheduler.yaml, or ask {contact} to choose one",
    why="Airflow keeps one DAG per id: one team's DAG would replace the other's. A prefix that is the name of a team is "
    "that team's, and nobody else's DAGs can start with it. A team cannot ignore this finding.",
    example="Team `sales` with the pipeline `eu_daily`, and team `sales_eu` with the pipeline `daily`.",
    fix="Set a `dag_prefix` that no other team's id begins with.",
)
SCH311 = Rule(
    code="SCH311",
    severity=Severity.WARNING,
    summary="A hard wait for a less frequent pipeline",
    message='{task} in {pipeline} waits hard for "{asset}" of team {team}, which is only made {producer_pipeline}',
    hint="make the dependency soft or no_wait, so that one late {producer_pipeline} run does not hold up many runs",
    why="All runs of the frequent pipeline stop when one run of the rarer pipeline is late.",
    example="An hourly model that reads another team's daily table with the default dependency, hard.",
    fix="`dependencies: {asset: soft}` (or `no_wait`) in the node's `meta.scheduler`, or move the node to the rarer pipeline.",
)
SCH313 = Rule(
    code="SCH313",
    summary="Two folders with the same team",
    message='team "{team}" is also the team of {other}',
    hint="set another `team` in one scheduler.yaml",
    why="A team is one dbt project: the registry has one entry per team, and the second would replace the first.",
    example="Two projects, both with `team: sales`.",
    fix="Name the teams differently.",
)
SCH314 = Rule(
    code="SCH314",
    summary="Two assets of one team with the same name",
    message='asset "{asset}" is made by {first} and by {second}',
    hint="rename one of them",
    why="Other teams ask for an asset by its name: it must mean one table.",
    example="A model `orders` and, in an installed package, another model `orders`.",
    fix="Rename one, or leave one unscheduled.",
)
SCH318 = Rule(
    code="SCH318",
    summary="A team that another dbt project has published",
    message='team "{team}" was published by the dbt project "{other}", and this project is "{project}"',
    hint="choose another `team` in scheduler.yaml; if the project was renamed, have the old entry removed from the registry",
    why="The registry has one entry per team. Publishing this one would take away what the other project makes.",
    example="""\
# scheduler.yaml of the dbt project sales_eu, copied from that of the project sales
team: sales
""",
    fix="Name the team differently. After a rename of the dbt project, ask the platform team to remove the entry "
    "that it published under its old name, and compile again.",
)
SCH319 = Rule(
    code="SCH319",
    summary="An entry reads an asset that is no longer there",
    message='task "{task}" in {pipeline} reads "{asset}" of team {team}, which {problem}',
    hint="ask {contact}; without that asset, remove the read and compile again",
    why="The entry was right when it was compiled, and the registry has changed since. Once published, its task "
    "would wait for a table that nobody makes or promises any more.",
    example="""\
$ dbt-scheduler publish out
out/registry/shop.json: SCH319 task "marts.orders" in daily reads "fct_shipments" of team shipping, which no longer exposes it
  hint: ask #shipping; without that asset, remove the read and compile again
""",
    fix="Agree with the team that makes it, or remove the read; then `dbt compile`, `dbt-scheduler compile` and "
    "publish again.",
)
SCH320 = Rule(
    code="SCH320",
    severity=Severity.WARNING,
    summary="An acknowledged change that is no change any more",
    message='acknowledged change of "{asset}" does not apply: {change}',
    hint="remove the entry: the change is published, or was not made",
    why="An acknowledgement is for one change, and for those who read its reason in the pull request. Left in "
    "place it would let the same change through another time, unseen.",
    example="""\
# scheduler.yaml, after the pull request that removed the column was merged and published
acknowledged_changes:
  - {asset: dim_customers, change: "Column country_id removed.", reason: "it is in dim_countries"}
""",
    fix="Remove the entry from `acknowledged_changes`, or copy the line again from the report if its words "
    "have changed.",
)
SCH322 = Rule(
    code="SCH322",
    summary="A dag_id that dbt-scheduler itself uses",
    message='dag_id "{dag_id}" of team {team} is that of the DAG which resumes late runs',
    hint="choose another dag_prefix in scheduler.yaml",
    why="Airflow keeps one DAG per id: the team's DAG would not be loaded, or no late run would be resumed.",
    example="`dag_prefix: dbt_scheduler` in a team with the pipeline `resume`.",
    fix="Set another `dag_prefix`.",
)

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
SCH309 = Rule(
    code="SCH309",
    summary="A cycle of tasks that wait for each other",
    message="tasks wait for each other in a cycle: {loop}",
    hint="break it: make one of these waits no_wait, or split a model in two",
    why="Each task would wait for the next one for ever. Teams may depend on each other both ways, tasks may not.",
    example="`a` reads another team's `b`, and `b` reads `a`.",
    fix="Remove one of the reads, split the model, or declare the dependency `no_wait`.",
)
SCH310 = Rule(
    code="SCH310",
    can_be_ignored=False,
    summary="One dag_id for two teams",
    message='dag_id "{dag_id}" belongs to team {team} and to team {other}',
    hint="choose another dag_prefix in scheduler.yaml, or ask {contact} to choose one",
    why="Airflow keeps one DAG per id: one team's DAG would replace the other's. A prefix that is the name of a team is "
    "that team's, and nobody else's DAGs can start with it. A team cannot ignore this finding.",
    example="Team `sales` with the pipeline `eu_daily`, and team `sales_eu` with the pipeline `daily`.",
    fix="Set a `dag_prefix` that no other team's id begins with.",
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
    can_be_ignored=False,
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
SCH322 = Rule(
    code="SCH322",
    can_be_ignored=False,
    summary="A dag_id that dbt-scheduler itself uses",
    message='dag_id "{dag_id}" of team {team} is that of the DAG which resumes late runs',
    hint="choose another dag_prefix in scheduler.yaml",
    why="Airflow keeps one DAG per id: the team's DAG would not be loaded, or no late run would be resumed.",
    example="`dag_prefix: dbt_scheduler` in a team with the pipeline `resume`.",
    fix="Set another `dag_prefix`.",
)

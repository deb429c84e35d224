"""SCH3: rules about assets, dependencies between teams, and the registry."""

from dbt_scheduler.findings.finding import Rule, Severity

SCH305 = Rule(
    code="SCH305",
    severity=Severity.WARNING,
    summary="An exposed asset is not built by any pipeline",
    message="{assets} exposed, but no pipeline runs {it}",
    hint="add pipelines to {it}, or make the regex more specific",
    why="Other teams would wait for a table that is never built.",
    example='`exposed_assets: [{regex: "dim_.*"}]` matches `dim_old`, which has no `pipelines`.',
    fix="Add `pipelines` to the node's `meta.scheduler`, or change the regex so that it does not match the "
    "node.",
)
SCH309 = Rule(
    code="SCH309",
    summary="Tasks form a dependency cycle",
    message="found a dependency cycle: {loop}",
    hint="to break the cycle, set one of these dependencies to no_wait, or split a model in two",
    why="Each task would wait forever for the next one. Teams may depend on each other in both directions, "
    "tasks may not.",
    example="`a` reads another team's `b`, and `b` reads `a`.",
    fix="Remove one of the references, split the model, or set the dependency to `no_wait`.",
)
SCH310 = Rule(
    code="SCH310",
    can_be_ignored=False,
    summary="Two teams use the same dag_id",
    message='dag_id "{dag_id}" is used by team {team} and by team {other}',
    hint="set a different dag_prefix in scheduler.yaml, or ask {contact} to change theirs",
    why="Airflow has one DAG per dag_id: one team's DAG would replace the other's. A prefix that equals a "
    "team's name is reserved for that team. A team cannot ignore this finding.",
    example="Team `sales` with the pipeline `eu_daily`, and team `sales_eu` with the pipeline `daily`.",
    fix="Set a `dag_prefix` that no other team's dag_id starts with.",
)
SCH313 = Rule(
    code="SCH313",
    summary="Two projects use the same team name",
    message='team "{team}" is also used by {other}',
    hint="set a different `team` in one of the two scheduler.yaml files",
    why="A team is one dbt project: the registry has one entry per team, and the second would replace the first.",
    example="Two projects, both with `team: sales`.",
    fix="Rename one of the teams.",
)
SCH314 = Rule(
    code="SCH314",
    summary="Two assets of a team have the same name",
    message='asset "{asset}" is built by {first} and by {second}',
    hint="rename one of them",
    why="Other teams refer to an asset by its name, so the name must identify one table.",
    example="A model `orders` and, in an installed package, another model `orders`.",
    fix="Rename one of them, or do not schedule one of them.",
)
SCH318 = Rule(
    code="SCH318",
    can_be_ignored=False,
    summary="The team was published by another dbt project",
    message='team "{team}" was published by the dbt project "{other}", and this project is "{project}"',
    hint="set a different `team` in scheduler.yaml; if the project was renamed, ask the platform team to remove the old entry from the registry",
    why="The registry has one entry per team. Publishing this entry would replace the other project's "
    "assets.",
    example="""\
# scheduler.yaml of the dbt project sales_eu, copied from that of the project sales
team: sales
""",
    fix="Rename the team. After a rename of the dbt project, ask the platform team to remove the entry "
    "published under the old project name, then compile again.",
)
SCH319 = Rule(
    code="SCH319",
    summary="An entry reads an asset that is no longer available",
    message='task "{task}" in {pipeline} reads "{asset}" of team {team}, which {problem}',
    hint="ask {contact}, or remove the reference and compile again",
    why="The registry has changed since the entry was compiled. If it were published, its task would wait "
    "for a table that is no longer built or exposed.",
    example="""\
$ dbt-scheduler publish out
out/registry/shop.json: SCH319 task "marts.orders" in daily reads "fct_shipments" of team shipping, which no longer exposes it
  hint: ask #shipping, or remove the reference and compile again
""",
    fix="Agree on a solution with the producing team, or remove the reference; then run `dbt compile`, "
    "`dbt-scheduler compile` and `dbt-scheduler publish` again.",
)
SCH322 = Rule(
    code="SCH322",
    can_be_ignored=False,
    summary="A dag_id is reserved by dbt-scheduler",
    message='dag_id "{dag_id}" of team {team} is reserved for the DAG that resumes late runs',
    hint="set a different dag_prefix in scheduler.yaml",
    why="Airflow has one DAG per dag_id: either the team's DAG would not load, or late runs would not be "
    "resumed.",
    example="`dag_prefix: dbt_scheduler` in a team with the pipeline `resume`.",
    fix="Set a different `dag_prefix`.",
)

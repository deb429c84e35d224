"""The pools that a team names for its tasks."""

from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import task_location

SCH221 = Rule(
    code="SCH221",
    summary="The pool of a table that several pipelines build has room for two writers",
    message='"{task}" is built in several pipelines ({pipelines}), and its pool "{pool}" {slots}',
    hint="remove `pool`, and the platform sees to it that one DAG at a time builds it; or name a pool that has one slot "
    "under `pools` in platform.yaml{choices}",
    why="A table is built by one DAG at a time. Airflow has no other limit across DAGs than a pool, and a task can have "
    "only one: with two slots, two DAGs would write the table at once.",
    example="""\
# models/marts/dim.yml, where platform.yaml has pools: {warehouse: 8}
models:
  - name: dim_customers
    config: {meta: {scheduler: {pipelines: [hourly, daily], pool: warehouse}}}
""",
    fix="Remove `pool`, or name one that has a single slot.",
)


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH221: a pool that does not keep the writers of one table apart."""
    pools = workspace.platform.pools
    single = ", ".join(sorted(name for name, slots in pools.items() if slots == 1))
    for task in team.project.tasks.values():
        if task.pool is None or not task.has_several_writers or pools.get(task.pool) == 1:
            continue
        slots = (
            f"has {pools[task.pool]} slots" if task.pool in pools else "is not under pools in platform.yaml"
        )
        yield SCH221.at(
            *task_location(team.project.folder, task, "scheduler", "pool"),
            subject=task.name,
            task=task.name,
            pipelines=", ".join(task.pipelines),
            pool=task.pool,
            slots=slots,
            choices=f": {single}" if single else "",
        )


PLUGIN = Check(team=check)

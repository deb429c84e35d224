"""Rules about the pools that a team sets for its tasks."""

from collections.abc import Iterator, Mapping

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.finding import Finding, Rule, Severity
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import Location, task_location
from dbt_scheduler.project.types import ProjectTask

SCH221 = Rule(
    code="SCH221",
    summary="A table built in several pipelines has a pool with more than one slot",
    message='"{task}" is built in several pipelines ({pipelines}), but its pool "{pool}" {slots}',
    hint="remove `pool`, so that the platform lets only one DAG at a time build the table, or use a pool "
    "with one slot from `pools` in platform.yaml{choices}",
    why="Only one DAG at a time may build a table. Pools are Airflow's only limit across DAGs, and a task "
    "can have only one: with two slots, two DAGs could write the table at the same time.",
    example="""\
# models/marts/dim.yml, where platform.yaml has pools: {warehouse: 8}
models:
  - name: dim_customers
    config: {meta: {scheduler: {pipelines: [hourly, daily], pool: warehouse}}}
""",
    fix="Remove `pool`, or use a pool with a single slot.",
)
SCH222 = Rule(
    code="SCH222",
    severity=Severity.WARNING,
    summary="A task uses an unknown pool",
    message='"{task}" uses the pool "{pool}", which is not defined under pools in platform.yaml',
    hint="available pools: {pools}",
    why="A task whose pool does not exist in Airflow never starts. `dbt-scheduler pools` prints the pools "
    "defined under `pools`; any other pool must be created manually.",
    example="""\
# scheduler.yaml, where platform.yaml has pools: {warehouse: 8}
tasks:
  - {kind: universal, name: fetch, pool: warehous, command: python fetch.py}
""",
    fix="Correct the name, or ask the platform team to add the pool to `pools`. Ignore the finding if the "
    "pool was created manually.",
)

_BY_AIRFLOW = "default_pool"


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH221: a pool that allows two writers of a table. SCH222: a pool that may not exist."""
    platform = workspace.platform
    known = {*platform.pools, platform.defaults.pool, _BY_AIRFLOW}
    known |= {place.pool for place in platform.places.values() if place.pool}
    for task in team.project.tasks.values():
        if task.pool is None or not task.pipelines:
            continue
        words = {"subject": task.name, "task": task.name, "pool": task.pool}
        if task.has_several_writers and platform.pools.get(task.pool) != 1:
            words |= {"pipelines": ", ".join(task.pipelines), **_slots(task.pool, platform.pools)}
            yield SCH221.at(*_location(team, task), **words)
        elif task.pool not in known:
            hint = did_you_mean(task.pool, known) or None
            yield SCH222.at(*_location(team, task), hint=hint, pools=", ".join(sorted(known)), **words)


def _location(team: Team, task: ProjectTask) -> Location:
    return task_location(team.project.folder, task, "scheduler", "pool")


def _slots(pool: str, pools: Mapping[str, int]) -> dict[str, str]:
    """Describes a pool's slots, and lists the pools with a single slot."""
    single = ", ".join(sorted(name for name, slots in pools.items() if slots == 1))
    has = f"has {pools[pool]} slots" if pool in pools else "is not defined under pools in platform.yaml"
    return {"slots": has, "choices": f": {single}" if single else ""}


PLUGIN = Check(team=check)

"""The pools that a team names for its tasks."""

from collections.abc import Iterator, Mapping

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.finding import Finding, Rule, Severity
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import Location, task_location
from dbt_scheduler.project.types import ProjectTask

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
SCH222 = Rule(
    code="SCH222",
    severity=Severity.WARNING,
    summary="A task names a pool that platform.yaml does not have",
    message='"{task}" names the pool "{pool}", which is not under pools in platform.yaml',
    hint="the platform's pools: {pools}",
    why="A task whose pool does not exist in Airflow waits for ever. `dbt-scheduler pools` makes those that are under "
    "`pools`; another one has to be made by hand.",
    example="""\
# scheduler.yaml, where platform.yaml has pools: {warehouse: 8}
tasks:
  - {kind: universal, name: fetch, pool: warehous, command: python fetch.py}
""",
    fix="Correct the name, or ask the platform's owners to add the pool to `pools`. Ignore it where the pool was made by "
    "hand.",
)

_BY_AIRFLOW = "default_pool"


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH221: a pool that does not keep the writers of one table apart. SCH222: one that nobody may have made."""
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
    """The words about a pool's slots, and about the pools that have a single one."""
    single = ", ".join(sorted(name for name, slots in pools.items() if slots == 1))
    has = f"has {pools[pool]} slots" if pool in pools else "is not under pools in platform.yaml"
    return {"slots": has, "choices": f": {single}" if single else ""}


PLUGIN = Check(team=check)

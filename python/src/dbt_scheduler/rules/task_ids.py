"""Names that Airflow cannot tell apart, or keeps for itself."""

from collections import defaultdict
from collections.abc import Iterator

from dbt_scheduler.catalogue.nodes import SCH107, SCH108
from dbt_scheduler.errors import Finding
from dbt_scheduler.graph.lineage import DagGraph
from dbt_scheduler.graph.task_ids import (
    RESERVED_GROUPS,
    group_of,
    sensor_task_ids,
    task_id_of,
    test_task_id,
)
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.places import work_place
from dbt_scheduler.project.types import Work
from dbt_scheduler.registry import dag_id
from dbt_scheduler.wording import and_others


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH107, SCH108: within a DAG, tasks and groups share one set of ids."""
    for dag in team.graph.dags.values():
        yield from _same_ids(team, dag)
    yield from _group_problems(team)


def _same_ids(team: Team, dag: DagGraph) -> Iterator[Finding]:
    taken: dict[str, str] = {
        group: f"the group {group} of the scheduler" for group in sorted(RESERVED_GROUPS)
    }
    for task_id, what, work in _tasks(team, dag):
        first = taken.setdefault(task_id, what)
        if first != what:
            words = {"first": first, "second": what, "task_id": task_id}
            words["dag_id"] = dag_id(team.project.dag_prefix, dag.pipeline)
            yield SCH107.at(*work_place(team.project.folder, work), subject=work.name, **words)


def _tasks(team: Team, dag: DagGraph) -> Iterator[tuple[str, str, Work]]:
    """Each task id of a DAG, what stands behind it, and a work whose place tells where to look."""
    for work in dag.works.values():
        yield task_id_of(work), work.id, work
    plan = team.plans[dag.pipeline]
    if team.project.config.dbt_settings.tests == "after":
        for host in plan.beside:
            work = dag.works[host]
            yield test_task_id(work.name), f"the tests of {host}", work
    for alone in plan.alone:
        yield test_task_id(alone.test.name), alone.test.unique_id, dag.works[alone.after[0]]
    ids = sensor_task_ids(dag)
    for work_id, waits in dag.waits.items():
        for wait in waits:
            if (wait.key, wait.dependency) in ids:
                yield ids[wait.key, wait.dependency], f"the sensor of {wait.key}", dag.works[work_id]


def _group_problems(team: Team) -> Iterator[Finding]:
    """One finding for each name: a whole folder may have it."""
    found: dict[tuple[str, str], dict[str, Work]] = defaultdict(dict)
    for dag in team.graph.dags.values():
        ids = {task_id_of(work): work for work in dag.works.values()}
        for work in dag.works.values():
            group = group_of(work)
            if group in RESERVED_GROUPS:
                found[group, "the scheduler uses this name for its own tasks"][work.name] = work
            elif group in ids:
                found[group, f"the task of {ids[group].id} is called so"][work.name] = work
    for (_, reason), works in found.items():
        names = sorted(works)
        work = works[names[0]]
        place = work_place(team.project.folder, work, "scheduler", "group")
        words = {"reason": reason, "group": work.group, "nodes": and_others(names)}
        yield SCH108.at(*place, subject=work.name, **words)

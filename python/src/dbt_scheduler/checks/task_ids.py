"""Rules about task and group ids that collide or are reserved."""

from collections import defaultdict
from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.config.schema.messages import and_others
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.graph.lineage import DagGraph
from dbt_scheduler.graph.task_ids import (
    RESERVED_GROUPS,
    group_of,
    sensor_task_ids,
    task_id_of,
    test_task_id,
)
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import task_location
from dbt_scheduler.project.types import ProjectTask
from dbt_scheduler.registry.entry import dag_id

SCH107 = Rule(
    code="SCH107",
    summary="Two tasks of a DAG have the same task_id",
    message='"{first}" and "{second}" both have the task_id {task_id} in {dag_id}',
    hint="change the group or the name of one of them",
    why="A task_id is unique within a DAG. It may contain only letters, digits, `_`, `-` and `.`; "
    "dbt-scheduler replaces other characters with `_`, so two different nodes can get the same task_id.",
    example="Two models `orders.eu` and `orders_eu` in one folder, or models with the same name in two "
    "packages.",
    fix="Set `group` in the `meta.scheduler` of one of them, or rename one of them. Set the group of a "
    "package's node in `dbt_project.yml`.",
)
SCH108 = Rule(
    code="SCH108",
    summary="A task group has a reserved or duplicate name",
    message='"{group}" is not a valid group for {nodes}: {reason}',
    hint="set a different group in its meta.scheduler",
    why="Some group names are reserved for tasks that dbt-scheduler adds, such as "
    "`wait_for__hard_dependencies`. In Airflow, a group and a task of one DAG cannot have the same id.",
    example="A folder `models/on_run_start/`, or a folder `orders` next to an ungrouped model `orders`.",
    fix="Set `group` in `meta.scheduler` of the node, or in `meta.scheduler_defaults` of a folder.",
)


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH107, SCH108: within a DAG, tasks and groups share one set of ids."""
    for dag in team.graph.dags.values():
        yield from _same_ids(team, dag)
    yield from _group_problems(team)


def _same_ids(team: Team, dag: DagGraph) -> Iterator[Finding]:
    taken: dict[str, str] = {group: f"the reserved group {group}" for group in sorted(RESERVED_GROUPS)}
    for task_id, what, task in _tasks(team, dag):
        first = taken.setdefault(task_id, what)
        if first != what:
            words = {"first": first, "second": what, "task_id": task_id}
            words["dag_id"] = dag_id(team.project.dag_prefix, dag.pipeline)
            yield SCH107.at(*task_location(team.project.folder, task), subject=task.name, **words)


def _tasks(team: Team, dag: DagGraph) -> Iterator[tuple[str, str, ProjectTask]]:
    """Each task_id of a DAG, what it belongs to, and a task whose location the finding gets."""
    for task in dag.tasks.values():
        yield task_id_of(task), task.id, task
    plan = team.test_plans[dag.pipeline]
    if team.project.config.dbt_settings.tests == "after":
        for host in plan.in_task:
            task = dag.tasks[host]
            yield test_task_id(task.name), f"the tests of {host}", task
    for standalone in plan.standalone:
        yield test_task_id(standalone.test.name), standalone.test.unique_id, dag.tasks[standalone.after[0]]
    ids = sensor_task_ids(dag)
    for unique_id, waits in dag.waits.items():
        for wait in waits:
            if wait in ids:
                yield ids[wait], f"the sensor of {wait.key}", dag.tasks[unique_id]


def _group_problems(team: Team) -> Iterator[Finding]:
    """One finding per group name, because whole folders may have it."""
    found: dict[tuple[str, str], dict[str, ProjectTask]] = defaultdict(dict)
    for dag in team.graph.dags.values():
        ids = {task_id_of(task): task for task in dag.tasks.values()}
        for task in dag.tasks.values():
            group = group_of(task)
            if group in RESERVED_GROUPS:
                found[group, "the name is reserved for tasks that dbt-scheduler adds"][task.name] = task
            elif group in ids:
                found[group, f"the task of {ids[group].id} has the same id"][task.name] = task
    for (_, reason), tasks in found.items():
        names = sorted(tasks)
        task = tasks[names[0]]
        location = task_location(team.project.folder, task, "scheduler", "group")
        words = {"reason": reason, "group": task.group, "nodes": and_others(names)}
        yield SCH108.at(*location, subject=task.name, **words)


PLUGIN = Check(team=check)

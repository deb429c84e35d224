"""Finds task groups of sensors that can be marked as a whole: Airflow then parses the DAG once, not per sensor."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from dbt_scheduler.airflow_api.answers import RunKey, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.resume.waiting_sensors import UNSATISFIED
from dbt_scheduler.spec import SENSOR_OPERATOR

_OPEN = (*UNSATISFIED, "skipped", "removed")
"""All states except success: what marking a group changes."""


class GroupOfRun(msgspec.Struct, frozen=True):
    """A task group in one run of its DAG."""

    run: RunKey
    group_id: str


def find_whole_groups(
    api: AirflowApi, ready: Mapping[RunKey, Sequence[TaskInstance]]
) -> dict[GroupOfRun, list[TaskInstance]]:
    """The groups that contain only sensors, two or more of them unsuccessful, and all of those among these sensors.

    Data that has arrived stays, so it does not matter when such a group is marked.
    """
    groups: dict[GroupOfRun, list[TaskInstance]] = defaultdict(list)
    for each in (each for sensors in ready.values() for each in sensors):
        groups[GroupOfRun(each.run_key, _group_of(each.task_id))].append(each)
    groups = {group: sensors for group, sensors in groups.items() if group.group_id and len(sensors) > 1}
    members = _sensors_in_groups(api, groups)
    if not members:
        return {}
    where = RunFilter(
        dag_ids=sorted({dag_id for dag_id, _ in members}),
        run_ids=sorted({group.run.run_id for group in groups}),
        task_ids=sorted({name for names in members.values() for name in names}),
        states=_OPEN,
    )
    still_open: dict[GroupOfRun, set[str]] = defaultdict(set)
    for each in api.task_instances(where):
        still_open[GroupOfRun(each.run_key, _group_of(each.task_id))].add(each.task_id)
    return {
        group: sensors
        for group, sensors in groups.items()
        if (group.run.dag_id, group.group_id) in members
        and still_open[group] <= {each.task_id for each in sensors}
    }


def _sensors_in_groups(api: AirflowApi, groups: Iterable[GroupOfRun]) -> dict[tuple[str, str], list[str]]:
    """The task_ids in each of these groups that contains only sensors, by dag_id and group_id."""
    wanted = {(group.run.dag_id, group.group_id) for group in groups}
    members: dict[tuple[str, str], list[str]] = defaultdict(list)
    for dag_id in sorted({dag_id for dag_id, _ in wanted}):
        for task in api.tasks(dag_id):
            group = (dag_id, _group_of(task.task_id))
            if task.operator_name != SENSOR_OPERATOR:
                wanted.discard(group)
            members[group].append(task.task_id)
    return {group: members[group] for group in wanted if group in members}


def _group_of(task_id: str) -> str:
    """The outermost group of a task; empty without one."""
    return task_id.rpartition(".")[0].partition(".")[0]

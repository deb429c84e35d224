"""Finds the runs that resume after their failed sensors were satisfied, so that teams are notified once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from dbt_scheduler.airflow_api.answers import RunKey, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.resume.runs import runs_of
from dbt_scheduler.spec import SENSOR_OPERATOR

SATISFIED_BY = "Satisfied by "
"""The prefix of the note on each sensor that the callback or the sweep marked."""

_NEVER = datetime.min.replace(tzinfo=UTC)


def find_resumed(api: AirflowApi, satisfied: Sequence[TaskInstance]) -> list[TaskInstance]:
    """For sensors that had failed and are now satisfied, one sensor per resumed run.

    A run does not resume while another of its sensors is failed, or after a user marked it as failed. Several callbacks
    may satisfy sensors of the same run: only the one that marked the last sensor gets the run.
    """
    mine = {each.id_: each for each in satisfied if each.state == "failed"}
    keys = {each.run_key for each in mine.values()}
    if not keys:
        return []
    dag_ids = sorted({key.dag_id for key in keys})
    tasks = (task for dag_id in dag_ids for task in api.tasks(dag_id))
    where = RunFilter(
        dag_ids=dag_ids,
        run_ids=sorted({key.run_id for key in keys}),
        task_ids=sorted({task.task_id for task in tasks if task.operator_name == SENSOR_OPERATOR}),
    )
    sensors: dict[RunKey, list[TaskInstance]] = defaultdict(list)
    for each in api.task_instances(where):
        if each.operator == SENSOR_OPERATOR:
            sensors[each.run_key].append(each)
    going = (key for key, run in sorted(runs_of(api, mine.values()).items()) if run.state != "failed")
    last = [_last(sensors[key]) for key in going]
    return [mine[each.id_] for each in last if each and each.id_ in mine]


def _last(sensors: Sequence[TaskInstance]) -> TaskInstance | None:
    """The sensor of a run that was marked last; None if none was, or while one is failed."""
    if any(each.state == "failed" for each in sensors):
        return None
    marked = [each for each in sensors if (each.note or "").startswith(SATISFIED_BY)]
    return max(marked, key=lambda each: (each.end_date or _NEVER, each.task_id), default=None)

"""Which runs of the consumers wait for a run of a producer: asks Airflow what runs there really are."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from dbt_scheduler.pipelines import Interval
from dbt_scheduler.resume.api import AirflowApi, Run, TaskInstance, Which
from dbt_scheduler.resume.heal import RunKey
from dbt_scheduler.resume.satisfy import UNSATISFIED
from dbt_scheduler.resume.waiting import Wait, earliest_run_after, ends_the_wait, interval_of
from dbt_scheduler.spec import Schedule


def unsatisfied(
    api: AirflowApi, waits: Sequence[Wait], since: datetime
) -> list[tuple[TaskInstance, Run, Wait]]:
    """Every sensor of these waits that is not satisfied, with its run, of runs due since a moment.

    One listing while there is none, another for the runs when there are some.
    """
    by_sensor = {(wait.consumer.dag_id, wait.consumer.task_id): wait for wait in waits}
    sensors = api.task_instances(
        Which(
            dag_ids=sorted({dag_id for dag_id, _ in by_sensor}),
            task_ids=sorted({task_id for _, task_id in by_sensor}),
            states=UNSATISFIED,
            since=since,
        )
    )
    sensors = [each for each in sensors if (each.dag_id, each.task_id) in by_sensor]
    runs = _runs_of(api, sensors)
    return [
        (each, runs[key], by_sensor[each.dag_id, each.task_id])
        for each in sensors
        if (key := RunKey(each.dag_id, each.run_id)) in runs
    ]


def waiting_for(api: AirflowApi, waits: Sequence[Wait], made: Interval) -> list[TaskInstance]:
    """The sensors that wait for exactly this run of the producer of these waits; its data interval."""
    if not waits:
        return []
    since = earliest_run_after(waits[0].producer.schedule, made)
    return [
        sensor
        for sensor, run, wait in unsatisfied(api, waits, since)
        if ends_the_wait(wait, run_interval_of(run, wait.consumer.schedule), made)
    ]


def run_interval_of(run: Run, schedule: Schedule) -> Interval:
    """The data interval of a run of a DAG with this schedule."""
    return interval_of(schedule, run.data_interval_start, run.data_interval_end, run.run_after)


def _runs_of(api: AirflowApi, sensors: Iterable[TaskInstance]) -> dict[RunKey, Run]:
    due = [each.run_after for each in sensors]
    if not due:
        return {}
    dag_ids = sorted({each.dag_id for each in sensors})
    runs = api.runs(Which(dag_ids=dag_ids, since=min(due), until=max(due)))
    return {RunKey(run.dag_id, run.run_id): run for run in runs}

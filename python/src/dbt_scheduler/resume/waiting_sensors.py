"""Finds the consumer runs that wait for a producer's run, among existing runs."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dbt_scheduler.airflow_api.answers import Run, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.resume.proof import own_dags
from dbt_scheduler.resume.runs import runs_of
from dbt_scheduler.schedule import Interval, period
from dbt_scheduler.spec import SENSOR_OPERATOR
from dbt_scheduler.waits.decision import awaited_by, ends
from dbt_scheduler.waits.wait import Wait

UNSATISFIED = (
    None,
    "scheduled",
    "queued",
    "running",
    "deferred",
    "up_for_reschedule",
    "up_for_retry",
    "restarting",
    "failed",
    "upstream_failed",
)
"""The states of sensors that may still wait or have failed; data does not affect the other states."""

_EARLY = timedelta(days=1)
"""A manual run may have a future logical date, and so exist before the end of its period."""


def find_unsatisfied(
    api: AirflowApi, waits: Sequence[Wait], since: datetime | None = None
) -> list[tuple[TaskInstance, Run, Wait]]:
    """The unsatisfied sensors of these waits with their runs; all, or those due since a moment."""
    return _find(api, waits, since, UNSATISFIED)


def _find(
    api: AirflowApi, waits: Sequence[Wait], since: datetime | None, states: Sequence[str | None] | None
) -> list[tuple[TaskInstance, Run, Wait]]:
    """The sensors of these waits in these states (None: any), with their runs.

    Includes only tasks that Airflow knows as sensors of dbt-scheduler in a DAG of the waiting team. Makes no request
    without waits, and one if there is no such sensor; otherwise one more for the DAGs and one per time range of their
    runs.
    """
    if not waits:
        return []
    listed = api.task_instances(
        RunFilter(
            dag_ids=sorted({wait.dag_id for wait in waits}),
            task_ids=sorted({wait.task_id for wait in waits}),
            states=states,
            since=since,
        )
    )
    named = {(each.dag_id, each.task_id) for each in listed if each.operator == SENSOR_OPERATOR}
    claims = [wait for wait in waits if (wait.dag_id, wait.task_id) in named]
    own = own_dags(api, {(wait.team, wait.dag_id) for wait in claims})
    by_sensor = {(wait.dag_id, wait.task_id): wait for wait in claims if (wait.team, wait.dag_id) in own}
    sensors = [each for each in listed if (each.dag_id, each.task_id) in by_sensor]
    runs = runs_of(api, sensors)
    return [
        (each, runs[each.run_key], by_sensor[each.dag_id, each.task_id])
        for each in sensors
        if each.run_key in runs
    ]


def find_waiting_for(api: AirflowApi, waits: Sequence[Wait], made: Interval) -> dict[TaskInstance, Wait]:
    """The sensors that wait for the run of a data interval; ``waits`` are one or more, all for the same DAG."""
    return {sensor: wait for sensor, _, wait in find_runs_waiting_for(api, waits, made)}


def find_runs_waiting_for(
    api: AirflowApi, waits: Sequence[Wait], made: Interval
) -> list[tuple[TaskInstance, Run, Wait]]:
    """The same, with their runs."""
    return _of_run(api, waits, made, UNSATISFIED)


def find_sensors_of(api: AirflowApi, waits: Sequence[Wait], made: Interval) -> dict[TaskInstance, Wait]:
    """The same with satisfied sensors too, and without their runs."""
    return {sensor: wait for sensor, _, wait in _of_run(api, waits, made, None)}


def _of_run(
    api: AirflowApi, waits: Sequence[Wait], made: Interval, states: Sequence[str | None] | None
) -> list[tuple[TaskInstance, Run, Wait]]:
    since = period(waits[0].producer.schedule, made).end - _EARLY
    return [
        (sensor, run, wait)
        for sensor, run, wait in _find(api, waits, since, states)
        if ends(awaited_by(wait, run), made)
    ]

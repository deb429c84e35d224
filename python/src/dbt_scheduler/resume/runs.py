"""Reads the runs of sensors, and the runs near a period, with few list requests."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from dbt_scheduler.airflow_api.answers import Run, RunKey, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.resume.stretches import stretches
from dbt_scheduler.schedule import Interval, cadence_seconds, next_tick
from dbt_scheduler.spec import Schedule

_APART = timedelta(days=3)
"""Runs due further apart than this are listed separately."""

_CADENCES_APART = 20
"""Data intervals with more than this many others between them are listed separately."""


def runs_of(api: AirflowApi, sensors: Iterable[TaskInstance]) -> dict[RunKey, Run]:
    """The runs of these task instances; deleted runs are left out."""
    sensors = list(sensors)
    keys, dag_ids = {each.run_key for each in sensors}, sorted({each.dag_id for each in sensors})
    due = stretches((Interval(each.run_after, each.run_after) for each in sensors), _APART)
    runs = (api.runs(RunFilter(dag_ids=dag_ids, since=near.start, until=near.end)) for near in due)
    return {run.key: run for found in runs for run in found if run.key in keys}


def runs_near(
    api: AirflowApi, schedule: Schedule, dag_ids: Collection[str], intervals: Iterable[Interval]
) -> list[Run]:
    """The runs of DAGs with this schedule that may be of the same period as one of these data intervals.

    A manual run belongs to the period before its logical date, or before its creation without one. Makes two list
    requests per time range.
    """
    reach = (Interval(each.start, next_tick(schedule, each.end)) for each in intervals)
    apart = timedelta(seconds=_CADENCES_APART * cadence_seconds(schedule))
    found: dict[RunKey, Run] = {}
    for near in stretches(reach, apart):
        dated = RunFilter(dag_ids=sorted(dag_ids), dated_since=near.start, dated_until=near.end)
        due = RunFilter(dag_ids=sorted(dag_ids), since=near.start, until=near.end)
        found |= {run.key: run for run in (*api.runs(dated), *api.runs(due))}
    return [*found.values()]

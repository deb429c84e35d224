"""The runs that sensors are in, and those near a period, in few listings however many there are."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from dbt_scheduler.airflow_api.answers import Run, RunKey, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.resume.stretches import stretches
from dbt_scheduler.schedule import Interval, cadence_seconds, next_tick
from dbt_scheduler.spec import Schedule

_APART = timedelta(days=3)
"""Runs that were due so far from each other are listed apart, without those in between."""

_CADENCES_APART = 20
"""Intervals with more than so many others of their schedule between them are listed apart, without these."""


def runs_of(api: AirflowApi, sensors: Iterable[TaskInstance]) -> dict[RunKey, Run]:
    """The runs of these task instances, without those that are gone."""
    sensors = list(sensors)
    keys, dag_ids = {each.run_key for each in sensors}, sorted({each.dag_id for each in sensors})
    due = stretches((Interval(each.run_after, each.run_after) for each in sensors), _APART)
    runs = (api.runs(RunFilter(dag_ids=dag_ids, since=near.start, until=near.end)) for near in due)
    return {run.key: run for found in runs for run in found if run.key in keys}


def runs_near(
    api: AirflowApi, schedule: Schedule, dag_ids: Collection[str], intervals: Iterable[Interval]
) -> list[Run]:
    """Every run of DAGs of this schedule that may be of the period of one of these data intervals.

    A manual run is of the period before its date, or before its making where it has none. Two listings for each
    stretch of time that the intervals lie in.
    """
    reach = (Interval(each.start, next_tick(schedule, each.end)) for each in intervals)
    apart = timedelta(seconds=_CADENCES_APART * cadence_seconds(schedule))
    found: dict[RunKey, Run] = {}
    for near in stretches(reach, apart):
        dated = RunFilter(dag_ids=sorted(dag_ids), dated_since=near.start, dated_until=near.end)
        due = RunFilter(dag_ids=sorted(dag_ids), since=near.start, until=near.end)
        found |= {run.key: run for run in (*api.runs(dated), *api.runs(due))}
    return [*found.values()]

"""The runs that sensors are in, in few listings however many there are."""

from collections.abc import Iterable
from datetime import timedelta

from dbt_scheduler.airflow_api.client import AirflowApi, Run, RunFilter, RunKey, TaskInstance
from dbt_scheduler.resume.stretches import stretches
from dbt_scheduler.schedule import Interval

_APART = timedelta(days=3)
"""Runs that were due so far from each other are listed apart, without those in between."""


def runs_of(api: AirflowApi, sensors: Iterable[TaskInstance]) -> dict[RunKey, Run]:
    """The runs of these task instances, without those that are gone."""
    sensors = list(sensors)
    keys, dag_ids = {each.run_key for each in sensors}, sorted({each.dag_id for each in sensors})
    due = stretches((Interval(each.run_after, each.run_after) for each in sensors), _APART)
    runs = (api.runs(RunFilter(dag_ids=dag_ids, since=near.start, until=near.end)) for near in due)
    return {run.key: run for found in runs for run in found if run.key in keys}

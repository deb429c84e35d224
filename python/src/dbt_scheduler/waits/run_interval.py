"""The data interval of a run, from any of Airflow's APIs."""

from datetime import datetime
from typing import Protocol

from dbt_scheduler.schedule import Interval, manual_interval, newest_run, run_interval
from dbt_scheduler.schedule.time_zones import to_utc
from dbt_scheduler.spec import Schedule

BACKFILL = "backfill"

SCHEDULED = ("scheduled", BACKFILL)
"""The run types whose logical date is the start of the data interval."""


class AirflowRun(Protocol):
    """A DAG run as in a task's context or the REST API."""

    @property
    def run_type(self) -> str: ...  # noqa: D102

    @property
    def run_after(self) -> datetime: ...  # noqa: D102

    @property
    def logical_date(self) -> datetime | None: ...  # noqa: D102

    @property
    def data_interval_start(self) -> datetime | None: ...  # noqa: D102

    @property
    def data_interval_end(self) -> datetime | None: ...  # noqa: D102


def interval_of_run(schedule: Schedule, run: AirflowRun, *, external: bool = False) -> Interval:
    """The data interval of a run of a DAG with this schedule, in UTC.

    Airflow's own, if the run has one; else the one that Airflow gives a run with this type and logical date. A run
    triggered without a logical date has neither: it counts as a manual run dated at its ``run_after``. The data
    interval of an ``external`` DAG's run may have any length: it counts as the run of the schedule with the newest
    period that ended by its end.
    """
    start, end = run.data_interval_start, run.data_interval_end
    if external:
        return newest_run(schedule, to_utc(end or run.logical_date or run.run_after))
    if start and end:
        return Interval(start, end)
    if run.logical_date is None:
        return manual_interval(schedule, run.run_after)
    return interval_of_date(schedule, run.run_type, run.logical_date)


def interval_of_date(schedule: Schedule, run_type: str, logical_date: datetime) -> Interval:
    """The data interval that Airflow gives a run with this type and logical date."""
    return (run_interval if run_type in SCHEDULED else manual_interval)(schedule, logical_date)


def run_type_of(run_id: str) -> str:
    """The type of a run from its run_id: ``scheduled__2025-03-01T00:10:00+00:00``."""
    return run_id.partition("__")[0]

# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The timetable of a pipeline, built explicitly.

A bare cron string means one of two timetables, depending on Airflow's ``create_cron_data_intervals``
setting, and only one of them gives runs a data interval.
"""

from typing import Any

from dbt_scheduler.airflow.compat import CronDataIntervalTimetable
from dbt_scheduler.spec import Schedule


def timetable(schedule: Schedule) -> Any:
    """One run per tick of the cron, for the data interval that ends there."""
    return CronDataIntervalTimetable(schedule.cron, schedule.timezone)

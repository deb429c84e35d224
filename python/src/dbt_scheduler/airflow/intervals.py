# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The data interval of a run, including runs without one in Airflow."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from airflow.sdk import Context, get_current_context

from dbt_scheduler.schedule import Interval, batch_start, period
from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.run_interval import interval_of_run

EVENT_TIME = "%Y-%m-%dT%H:%M:%S"
"""dbt's format of an event time: in UTC, without an offset."""


def run_interval_of(context: Context, schedule: Schedule) -> Interval:
    """The data interval of the running task's run, in UTC."""
    run: Any = context["dag_run"]
    return interval_of_run(schedule, run)


def template_macros(schedule: Schedule) -> dict[str, object]:
    """The macros for templates: the data interval, also if Airflow has none, and the event time of the run's period."""
    intervals = {f"data_interval_{side}": _Moment(schedule, side) for side in ("start", "end")}
    return {**intervals, **_event_time(schedule)}


def _event_time(schedule: Schedule) -> dict[str, Callable[..., str]]:
    """Functions for the period in dbt's format; the start is that of a batch, ``lookback`` batches earlier."""

    def covered() -> Interval:
        return period(schedule, run_interval_of(get_current_context(), schedule))

    def start(batch_size: str, lookback: int) -> str:
        return batch_start(covered().start, batch_size, lookback).strftime(EVENT_TIME)

    def end() -> str:
        return covered().end.strftime(EVENT_TIME)

    return {"event_time_start": start, "event_time_end": end}


class _Moment:
    """The start or end of the running task's data interval, looked up when a template uses it."""

    def __init__(self, schedule: Schedule, side: str) -> None:
        self._schedule = schedule
        self._side = side

    def _value(self) -> datetime:
        value: datetime = getattr(run_interval_of(get_current_context(), self._schedule), self._side)
        return value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # copying and introspection happen outside of a running task
            raise AttributeError(name)
        return getattr(self._value(), name)

    def __str__(self) -> str:
        return str(self._value())

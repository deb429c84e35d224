# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The data interval of a run, also of one that Airflow gives none."""

from datetime import datetime
from typing import Any

from airflow.sdk import Context, get_current_context

from dbt_scheduler.pipelines import Interval, manual_interval
from dbt_scheduler.spec import Schedule


def run_interval_of(context: Context, schedule: Schedule) -> Interval:
    """The data interval of the running task's run, in UTC.

    A run triggered without a logical date has none: it counts as one made at its ``run_after``, as Airflow
    itself does for a manual run with a date.
    """
    run: Any = context["dag_run"]
    if run.data_interval_start and run.data_interval_end:
        return Interval(start=run.data_interval_start, end=run.data_interval_end)
    return manual_interval(schedule, run.run_after)


def template_fallbacks(schedule: Schedule) -> dict[str, object]:
    """What templates get as ``data_interval_start`` and ``_end`` where Airflow defines neither."""
    return {f"data_interval_{side}": _Moment(schedule, side) for side in ("start", "end")}


class _Moment:
    """A moment of the running task's interval, looked up when a template uses it."""

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

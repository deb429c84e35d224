"""What a worker or a trigger can learn from Airflow about another DAG's runs.

Neither has the database: they ask their supervisor, which forwards a few fixed questions to the execution
API. All of them are asked here. A trigger may ask fewer than a worker: Airflow 3.3's triggerer does send
``GetPreviousTI``, and then cannot read the answer. So a trigger only glances, and a worker looks when there
are news. Airflow 3.1 does not know ``GetPreviousTI`` at all: there, only the run of the exact
logical date counts.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import msgspec
from airflow.sdk import TaskInstanceState
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import GetTaskStates, GetTICount

from dbt_scheduler.schedule import Interval, next_tick, period
from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.run_interval import SCHEDULED, interval_of_date, run_type_of

try:
    from airflow.sdk.execution_time.comms import GetPreviousTI
except ImportError:  # Airflow 3.1
    GetPreviousTI = None  # type: ignore[assignment,misc]

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


class AwaitedRun(msgspec.Struct, frozen=True):
    """A run of a producer's task that somebody waits for: the one of this data interval."""

    dag_id: str
    task_id: str
    schedule: Schedule
    interval: Interval


class PokeResult(msgspec.Struct, frozen=True):
    """What a look at Airflow showed: whether the wait is over, the run to look at, and a note for people."""

    done: bool
    run_id: str | None = None
    note: str = ""


class ProducerState(msgspec.Struct, frozen=True):
    """What decides whether a look could show anything new.

    ``settled``: the task has succeeded in the exact run, or there is none. ``successes``: in all of its runs.
    """

    settled: bool
    successes: int

    def has_changed_since(self, before: "ProducerState") -> bool:
        """Whether it is worth looking again."""
        return self.successes != before.successes or (self.settled and not before.settled)


class _Try(msgspec.Struct, frozen=True):
    """A task instance as far as Airflow tells: its run and the data interval of that run."""

    run_id: str
    interval: Interval


def read_producer_state(awaited: AwaitedRun) -> ProducerState:
    """The cheap half of a look, of questions that a trigger may ask too: two."""
    states = _states(awaited).values()
    answer: Any = task_runner.SUPERVISOR_COMMS.send(
        GetTICount(dag_id=awaited.dag_id, task_ids=[awaited.task_id], states=[TaskInstanceState.SUCCESS])
    )
    return ProducerState(TaskInstanceState.SUCCESS in states or _is_gone(states), answer.count)


def poke_producer(awaited: AwaitedRun) -> PokeResult:
    """Whether the task has succeeded in a run of the awaited period, or in a newer one if there is no run.

    Two questions to Airflow while nothing that could count has succeeded, at most four otherwise.
    """
    states = _states(awaited)
    scheduled = next(iter(states), None)
    for run_id, state in states.items():
        if state == TaskInstanceState.SUCCESS:
            return PokeResult(done=True, run_id=run_id)
    newest = _newest(awaited, _END_OF_TIME, TaskInstanceState.SUCCESS)
    if newest is None or newest.interval < awaited.interval:
        return PokeResult(done=False, run_id=scheduled)
    after = next_tick(awaited.schedule, awaited.interval.end)
    manual = _newest(awaited, after, TaskInstanceState.SUCCESS)
    if manual and _is_same_period(awaited, manual):
        return PokeResult(
            done=True, run_id=manual.run_id, note=f"Made by the run {manual.run_id} of the same period."
        )
    if (
        all(state == TaskInstanceState.REMOVED for state in states.values())
        and newest.interval > awaited.interval
    ):
        running = _newest(awaited, after, None)
        if running is None or not _is_same_period(awaited, running):
            return PokeResult(done=True, run_id=newest.run_id, note=_newer(awaited, newest))
    return PokeResult(done=False, run_id=scheduled)


def newest_period(awaited: AwaitedRun) -> Interval | None:
    """The newest period for which the task has succeeded; None if there is none, or Airflow cannot tell."""
    newest = _newest(awaited, _END_OF_TIME, TaskInstanceState.SUCCESS)
    return None if newest is None else period(awaited.schedule, newest.interval)


def _is_same_period(awaited: AwaitedRun, seen: _Try) -> bool:
    return period(awaited.schedule, seen.interval) == period(awaited.schedule, awaited.interval)


def _newer(awaited: AwaitedRun, newest: _Try) -> str:
    return (
        f"{awaited.dag_id} never ran {awaited.task_id} for {awaited.interval.start:%Y-%m-%d %H:%M} (UTC); "
        f"its newer run {newest.run_id} has succeeded, and that counts."
    )


def _is_gone(states: Collection[str]) -> bool:
    return all(state == TaskInstanceState.REMOVED for state in states)


def _states(awaited: AwaitedRun) -> dict[str, str]:
    """States of the task in the scheduled or backfilled run of the interval, by run id: at most one.

    A manual run of the same logical date is left out: Airflow gives it the interval that *ends* there.
    """
    answer: Any = task_runner.SUPERVISOR_COMMS.send(
        GetTaskStates(
            dag_id=awaited.dag_id, task_ids=[awaited.task_id], logical_dates=[awaited.interval.start]
        )
    )
    return {
        run_id: str(tasks.get(awaited.task_id))
        for run_id, tasks in answer.task_states.items()
        if run_type_of(run_id) in SCHEDULED
    }


def _newest(awaited: AwaitedRun, before: datetime, state: TaskInstanceState | None) -> _Try | None:
    """The task's instance of the latest logical date before a moment, optionally only of one state."""
    if GetPreviousTI is None:
        return None
    answer: Any = task_runner.SUPERVISOR_COMMS.send(
        GetPreviousTI(dag_id=awaited.dag_id, task_id=awaited.task_id, logical_date=before, state=state)
    )
    found = answer.task_instance
    if found is None:
        return None
    interval = interval_of_date(awaited.schedule, run_type_of(found.run_id), found.logical_date)
    return _Try(found.run_id, interval)

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
from dbt_scheduler.waits.decision import AwaitedRun, ProducerRun
from dbt_scheduler.waits.run_interval import SCHEDULED, interval_of_date, run_type_of

try:
    from airflow.sdk.execution_time.comms import GetPreviousTI
except ImportError:  # Airflow 3.1
    GetPreviousTI = None  # type: ignore[assignment,misc]

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


class ProducerState(msgspec.Struct, frozen=True):
    """What decides whether a look could show anything new.

    ``settled``: the task has succeeded in the exact run, or there is none. ``successes``: in all of its runs.
    """

    settled: bool
    successes: int

    def has_changed_since(self, before: "ProducerState") -> bool:
        """Whether it is worth looking again."""
        return self.successes != before.successes or (self.settled and not before.settled)


def read_producer_state(awaited: AwaitedRun) -> ProducerState:
    """The cheap half of a look, of questions that a trigger may ask too: two."""
    states = _states(awaited).values()
    answer: Any = task_runner.SUPERVISOR_COMMS.send(
        GetTICount(dag_id=awaited.dag_id, task_ids=[awaited.task_id], states=[TaskInstanceState.SUCCESS])
    )
    return ProducerState(TaskInstanceState.SUCCESS in states or _is_gone(states), answer.count)


def fetch_runs(awaited: AwaitedRun) -> list[ProducerRun]:
    """The task's runs that decide about the wait.

    Two questions to Airflow while nothing that could count has succeeded, at most four otherwise.
    """
    exact = [
        ProducerRun(awaited.interval, run_id, run_type_of(run_id), state)
        for run_id, state in _states(awaited).items()
    ]
    if any(run.state == TaskInstanceState.SUCCESS for run in exact):
        return exact
    newest = _newest(awaited, _END_OF_TIME, TaskInstanceState.SUCCESS)
    if newest is None or newest.interval < awaited.interval:
        return exact
    # The manual runs of a period have later dates than its scheduled run, and earlier ones than the second next.
    after = next_tick(awaited.schedule, awaited.interval.end)
    manual = [_newest(awaited, after, state) for state in (TaskInstanceState.SUCCESS, None)]
    return [*exact, newest, *filter(None, manual)]


def newest_period(awaited: AwaitedRun) -> Interval | None:
    """The newest period for which the task has succeeded; None if there is none, or Airflow cannot tell."""
    newest = _newest(awaited, _END_OF_TIME, TaskInstanceState.SUCCESS)
    return None if newest is None else period(awaited.schedule, newest.interval)


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


def _newest(awaited: AwaitedRun, before: datetime, state: TaskInstanceState | None) -> ProducerRun | None:
    """The task's instance of the latest logical date before a moment, optionally only of one state."""
    if GetPreviousTI is None:
        return None
    answer: Any = task_runner.SUPERVISOR_COMMS.send(
        GetPreviousTI(dag_id=awaited.dag_id, task_id=awaited.task_id, logical_date=before, state=state)
    )
    found = answer.task_instance
    if found is None:
        return None
    run_type = run_type_of(found.run_id)
    interval = interval_of_date(awaited.schedule, run_type, found.logical_date)
    return ProducerRun(interval, found.run_id, run_type, found.state)

# ruff: noqa: ANN401 - Airflow's responses are of many types
"""Asks Airflow's execution API about runs of other DAGs, from a worker or a trigger.

Neither has access to the database: they ask their supervisor, which forwards a few fixed requests to the API. All of
them are in this module. A trigger can use fewer than a worker: Airflow 3.3's triggerer sends ``GetPreviousTI``, but
cannot read the response. So a trigger only checks for changes, and a worker then reads the runs. Airflow 3.1 does not
have ``GetPreviousTI``: there, a worker reads the newest runs one by one.

The logical date of a hand-written DAG's run may be the start or the end of its data interval, depending on the
timetable. So the data interval of each run that may count is requested.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from airflow.sdk import TaskInstanceState
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import GetPreviousDagRun, GetTaskStates, GetTICount

from dbt_scheduler.airflow.compat import GetPreviousTI
from dbt_scheduler.airflow.newest_instance import find_newest_instance
from dbt_scheduler.schedule import Interval, next_tick, period
from dbt_scheduler.schedule.time_zones import SMALLEST_STEP
from dbt_scheduler.waits.decision import OVER, REMOVED, SUCCESS, AwaitedRun, ProducerRun, Reason, decide
from dbt_scheduler.waits.run_interval import SCHEDULED, interval_of_date, interval_of_run, run_type_of

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)

_MOST_EXTERNAL = 20
"""The maximum number of runs of a hand-written DAG to read, back from the last one that may be of the period."""


class ProducerState(msgspec.Struct, frozen=True):
    """The values by which a trigger recognises a change.

    ``settled``: the task has succeeded in the exact run, or the run or its task does not exist. ``successes``: the
    number of the task's successes in all runs.
    """

    settled: bool
    successes: int

    def has_changed_since(self, before: "ProducerState") -> bool:
        """Whether the runs must be read again."""
        return self.successes != before.successes or (self.settled and not before.settled)


def read_producer_state(awaited: AwaitedRun) -> ProducerState:
    """Read the values that show a change, in two requests that a trigger can make too."""
    states = _states(awaited).values()
    answer: Any = task_runner.SUPERVISOR_COMMS.send(
        GetTICount(dag_id=awaited.dag_id, task_ids=[awaited.task_id], states=[TaskInstanceState.SUCCESS])
    )
    return ProducerState(SUCCESS in states or _is_gone(states), answer.count)


def fetch_runs(awaited: AwaitedRun) -> list[ProducerRun]:
    """The task's runs that decide the wait.

    Makes two requests while no run that could count has succeeded, otherwise usually four, and one more before a
    success of a newer period counts.
    """
    exact = _in_runs(awaited, _states(awaited))
    if any(
        run.state == SUCCESS and period(awaited.schedule, run.interval) == awaited.period for run in exact
    ):
        return exact
    newest = _newest(awaited, _END_OF_TIME, TaskInstanceState.SUCCESS)
    if newest is None or period(awaited.schedule, _as_run(awaited, newest).interval) < awaited.period:
        return exact
    near = _external_runs(awaited) if awaited.external else _manual_runs(awaited)
    found = [*exact, _as_run(awaited, newest), *near]
    if decide(msgspec.structs.replace(awaited, backfilled=False), found).reason is Reason.NEWER_RUN:
        found += _without_the_task(awaited)
    return found


def newest_period(awaited: AwaitedRun) -> Interval | None:
    """The newest period for which the task has succeeded; None if there is none, or Airflow cannot tell."""
    newest = _newest(awaited, _END_OF_TIME, TaskInstanceState.SUCCESS)
    return None if newest is None else period(awaited.schedule, _as_run(awaited, newest).interval)


def _is_gone(states: Collection[str | None]) -> bool:
    return all(state == REMOVED for state in states)


def _states(awaited: AwaitedRun) -> dict[str, str | None]:
    """The task's states in the scheduled or backfilled run of the data interval, by run_id; see ``_task_states``."""
    runs = _task_states(awaited, [awaited.task_id])
    return {run_id: tasks[awaited.task_id] for run_id, tasks in runs.items() if awaited.task_id in tasks}


def _without_the_task(awaited: AwaitedRun) -> list[ProducerRun]:
    """The same run if it does not have the task, which may still be added until the run has finished."""
    states = {
        run_id: REMOVED if OVER.issuperset(tasks.values()) else None
        for run_id, tasks in _task_states(awaited, None).items()
        if awaited.task_id not in tasks
    }
    return _in_runs(awaited, states)


def _task_states(awaited: AwaitedRun, task_ids: list[str] | None) -> dict[str, dict[str, str | None]]:
    """The states of tasks in the scheduled or backfilled run of the data interval, by run_id: at most one run.

    Of a hand-written DAG, also those in the run whose logical date is the interval's end.

    A manual run with the same logical date is left out: Airflow gives it the data interval that *ends* there.
    """
    dates = [awaited.interval.start, *([awaited.interval.end] if awaited.external else [])]
    answer: Any = task_runner.SUPERVISOR_COMMS.send(
        GetTaskStates(dag_id=awaited.dag_id, task_ids=task_ids, logical_dates=dates)
    )
    return {
        run_id: {name: None if state is None else str(state) for name, state in tasks.items()}
        for run_id, tasks in answer.task_states.items()
        if run_type_of(run_id) in SCHEDULED
    }


def _in_runs(awaited: AwaitedRun, states: Mapping[str, str | None]) -> list[ProducerRun]:
    """The task in the runs with these run_ids, which ``_task_states`` returned."""
    if not awaited.external:
        return [ProducerRun(awaited.interval, each, run_type_of(each), states[each]) for each in states]
    dates = (awaited.interval.start, awaited.interval.end) if states else ()
    runs = {run.run_id: run for date in dates if (run := _run_dated(awaited.dag_id, date))}
    return [_of_run(awaited, runs[each], states[each]) for each in states if each in runs]


def _manual_runs(awaited: AwaitedRun) -> Iterator[ProducerRun]:
    """The manual runs of the period that matter: the last successful one, or else all back to one with the task.

    Their logical dates are after the period's scheduled run, and before the second next one.
    """
    before = next_tick(awaited.schedule, awaited.interval.end)
    made = _newest(awaited, before, TaskInstanceState.SUCCESS)
    if made and _is_of_period(awaited, made):
        yield _as_run(awaited, made)
        return
    while (found := _newest(awaited, before, None)) and _is_of_period(awaited, found):
        yield _as_run(awaited, found)
        if found.state != REMOVED:
            return
        before = found.logical_date


def _external_runs(awaited: AwaitedRun) -> Iterator[ProducerRun]:
    """The runs of a hand-written DAG that have the task, back to the first one that is older than the period."""
    before = next_tick(awaited.schedule, awaited.interval.end)
    for _ in range(_MOST_EXTERNAL):
        found = _newest(awaited, before, None)
        if found is None:
            return
        run = _as_run(awaited, found)
        yield run
        if period(awaited.schedule, run.interval) < awaited.period:
            return
        before = found.logical_date


def _run_dated(dag_id: str, date: datetime) -> Any:
    """The run with a logical date, at most one per DAG; else an older run, or None."""
    after = date + SMALLEST_STEP
    answer: Any = task_runner.SUPERVISOR_COMMS.send(GetPreviousDagRun(dag_id=dag_id, logical_date=after))
    return answer.dag_run


def _of_run(awaited: AwaitedRun, run: Any, state: str | None) -> ProducerRun:
    interval = interval_of_run(awaited.schedule, run, external=awaited.external)
    return ProducerRun(interval, run.run_id, run.run_type.value, state)


def _is_of_period(awaited: AwaitedRun, found: Any) -> bool:
    return period(awaited.schedule, _as_run(awaited, found).interval) == awaited.period


def _as_run(awaited: AwaitedRun, found: Any) -> ProducerRun:
    if awaited.external and (run := _run_dated(awaited.dag_id, found.logical_date)):
        return _of_run(awaited, run, found.state)
    run_type = run_type_of(found.run_id)
    interval = interval_of_date(awaited.schedule, run_type, found.logical_date)
    return ProducerRun(interval, found.run_id, run_type, found.state)


def _newest(awaited: AwaitedRun, before: datetime, state: TaskInstanceState | None) -> Any:
    """The task's instance with the latest logical date before a moment, of any state or one; None if there is none."""
    if GetPreviousTI is None:
        return find_newest_instance(awaited.dag_id, awaited.task_id, before, state)
    answer: Any = task_runner.SUPERVISOR_COMMS.send(
        GetPreviousTI(dag_id=awaited.dag_id, task_id=awaited.task_id, logical_date=before, state=state)
    )
    return answer.task_instance

"""Finds the newest instance of a task before a date, in a worker of Airflow 3.1, which has no single request for it."""

from datetime import datetime
from typing import Any

import msgspec
from airflow.sdk import TaskInstanceState
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import GetPreviousDagRun, GetTaskStates, GetTICount

_MOST_RUNS = 20
"""The maximum number of runs to read, back from the date: each needs two requests, and there may be thousands."""


class FoundInstance(msgspec.Struct, frozen=True):
    """The fields of the response to ``GetPreviousTI`` that are used here."""

    run_id: str
    logical_date: datetime
    state: str | None


def find_newest_instance(
    dag_id: str, task_id: str, before: datetime, state: TaskInstanceState | None
) -> FoundInstance | None:
    """What ``GetPreviousTI`` would find among the 20 newest runs before the date; None if there is none."""
    if state is not None and not _ask(GetTICount(dag_id=dag_id, task_ids=[task_id], states=[state])).count:
        return None
    for _ in range(_MOST_RUNS):
        run = _ask(GetPreviousDagRun(dag_id=dag_id, logical_date=before)).dag_run
        if run is None:
            return None
        states = _ask(GetTaskStates(dag_id=dag_id, task_ids=[task_id], run_ids=[run.run_id])).task_states
        tasks = states.get(run.run_id, {})
        if task_id in tasks and state in (None, tasks[task_id]):
            found = tasks[task_id]
            return FoundInstance(run.run_id, run.logical_date, None if found is None else str(found))
        before = run.logical_date
    return None


def _ask(question: Any) -> Any:  # noqa: ANN401 - Airflow's requests and responses are of many types
    return task_runner.SUPERVISOR_COMMS.send(question)

"""Remembers which failures a team has been notified of, so that the same run does not notify it again.

A failure is news again when the task has succeeded in between. A worker does not learn that, and a task's own
XComs are gone when it starts again, so:

- what a sensor said is an XCom of a task that reads its asset. That task starts when the sensor is satisfied,
  by whomever, and Airflow deletes a task's XComs when it starts;
- what another task said is in its own state store, and deleted when it succeeds. Airflow has one from 3.3 on;
  before that, a task that fails again after it was cleared is reported again.
"""

from collections.abc import Mapping
from typing import Any

from airflow.sdk.execution_time.xcom import XCom

from dbt_scheduler.airflow.task_state import forget, recall, remember
from dbt_scheduler.spec import DagSpec

_KEY = "reported"


def was_reported(spec: DagSpec, context: Mapping[str, Any], kind: str) -> bool:
    """Whether the team knows of this task's failure of that kind in this run."""
    if place := _place(spec, context):
        return bool(XCom.get_one(**place) == kind)
    return recall(context, _KEY) == kind


def mark_reported(spec: DagSpec, context: Mapping[str, Any], kind: str) -> None:
    """The team has been notified."""
    if place := _place(spec, context):
        XCom.set(value=kind, **place)
    else:
        remember(context, _KEY, kind)


def clear_reported(context: Mapping[str, Any]) -> None:
    """The task has succeeded, so that its next failure is news. Costs nothing unless it ran before."""
    if context["ti"].max_tries > context["task"].retries:  # Airflow raises it when a task is cleared
        forget(context, _KEY)


def _place(spec: DagSpec, context: Mapping[str, Any]) -> dict[str, Any]:
    """The XCom for a sensor; nothing for other tasks."""
    ti = context["ti"]
    if all(wait.task_id != ti.task_id for wait in spec.sensors):
        return {}
    for task in spec.tasks:
        if ti.task_id in task.upstream:
            key = f"dbt_scheduler.reported.{ti.task_id}"
            return {"key": key, "dag_id": ti.dag_id, "task_id": task.task_id, "run_id": ti.run_id}
    return {}

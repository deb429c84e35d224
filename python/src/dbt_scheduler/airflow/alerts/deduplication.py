"""Remembers which failures were reported to a team, so that the same run is not reported again.

A failure is reported again once the task has succeeded in between. A worker does not see that, and Airflow deletes the
task's own XComs when it starts again, so:

- what a sensor reported is an XCom of a task that reads its asset. That task starts once the sensor is satisfied,
  and Airflow then deletes the XCom;
- what another task reported is in its task state store, and deleted when it succeeds. Before Airflow 3.3, which
  introduced the store, a task that fails again after it was cleared is reported again.
"""

from collections.abc import Mapping
from typing import Any

from airflow.sdk.execution_time.xcom import XCom

from dbt_scheduler.airflow.task_state import forget, recall, remember
from dbt_scheduler.spec import DagSpec

_KEY = "reported"


def was_reported(spec: DagSpec, context: Mapping[str, Any], kind: str) -> bool:
    """Whether this task's failure of that kind in this run was already reported."""
    if place := _place(spec, context):
        return bool(XCom.get_one(**place) == kind)
    return recall(context, _KEY) == kind


def mark_reported(spec: DagSpec, context: Mapping[str, Any], kind: str) -> None:
    """Remember that the failure was reported."""
    if place := _place(spec, context):
        XCom.set(value=kind, **place)
    else:
        remember(context, _KEY, kind)


def clear_reported(context: Mapping[str, Any]) -> None:
    """Forget what was reported: the task has succeeded. Makes no request unless the task was cleared before."""
    if context["ti"].max_tries > context["task"].retries:  # clearing a task raises it
        forget(context, _KEY)


def _place(spec: DagSpec, context: Mapping[str, Any]) -> dict[str, Any]:
    """The XCom for a sensor that some task reads; empty for others."""
    ti = context["ti"]
    if all(wait.task_id != ti.task_id for wait in spec.sensors):
        return {}
    for task in spec.tasks:
        if ti.task_id in task.upstream:
            key = f"dbt_scheduler.reported.{ti.task_id}"
            return {"key": key, "dag_id": ti.dag_id, "task_id": task.task_id, "run_id": ti.run_id}
    return {}

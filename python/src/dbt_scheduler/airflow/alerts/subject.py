"""Common parts of callback alerts: the task they are about, its owners, and error handling."""

import logging
from collections.abc import Callable

from airflow.sdk import Context

from dbt_scheduler.airflow.alerts.messages import TaskRun
from dbt_scheduler.airflow.intervals import run_interval_of
from dbt_scheduler.findings.printable import redacted
from dbt_scheduler.spec import DagSpec

_log = logging.getLogger(__name__)

Callback = Callable[[Context], None]


def never_raising(alert: Callback) -> Callback:
    """Wrap a callback: its errors are logged, and fail no task."""

    def called(context: Context) -> None:
        try:
            alert(context)
        except Exception as error:  # noqa: BLE001 - an alert never fails a task
            _log.error("The alert could not be created: %s: %s", type(error).__name__, redacted(error))

    return called


def task_run_of(spec: DagSpec, context: Context) -> TaskRun:
    """The task instance of a callback."""
    ti = context["ti"]
    return TaskRun(ti.dag_id, ti.task_id, run_interval_of(context, spec.schedule).start, ti.log_url)


def owners_of(spec: DagSpec, task_id: str) -> list[str]:
    """The owners of a task; those of a sensor are the owners of its readers."""
    return [
        owner
        for task in spec.tasks
        if task.task_id == task_id or (task_id in task.upstream and _is_sensor(spec, task_id))
        for owner in task.owners
    ]


def _is_sensor(spec: DagSpec, task_id: str) -> bool:
    return any(wait.task_id == task_id for wait in spec.sensors)

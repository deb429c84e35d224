"""Notifies teams when their runs that failed for missing data have resumed."""

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dbt_scheduler.airflow.alerts.messages import TaskRun
from dbt_scheduler.airflow.alerts.sending import Destination, send_all_clear
from dbt_scheduler.airflow.compat import conf
from dbt_scheduler.airflow_api.address import ui_url

if TYPE_CHECKING:
    from dbt_scheduler.airflow_api.answers import TaskInstance
    from dbt_scheduler.registry.entry import Entry
    from dbt_scheduler.waits.wait import Wait

_LEAST_SECONDS = 0.1


def send_all_clears(
    resumed: "Iterable[TaskInstance]",
    waits: "Iterable[Wait]",
    entries: "Mapping[str, Entry]",
    transport: Destination,
    seconds: float,
) -> None:
    """Send an all-clear for each resumed run to its team's channel; ``resumed`` has one sensor per run.

    Those that cannot be sent within ``seconds`` are logged.
    """
    end = time.monotonic() + seconds
    teams = {wait.dag_id: wait.team for wait in waits}
    for sensor in resumed:
        if sensor.dag_id in teams:
            left = max(end - time.monotonic(), _LEAST_SECONDS)
            send_all_clear(destination(transport, entries[teams[sensor.dag_id]]), task_run(sensor), left)


def destination(transport: Destination, entry: "Entry") -> Destination:
    """The destination of a team's alerts: its own channel and tags."""
    return Destination(transport.transport, transport.connection, entry.contact.channel, entry.contact.tag)


def task_run(task: "TaskInstance") -> TaskRun:
    """A task instance as the subject of an alert."""
    base: str = conf.get("api", "base_url", fallback="/")
    start = task.logical_date or task.run_after
    return TaskRun(task.dag_id, task.task_id, start, ui_url(base, *task.id_))

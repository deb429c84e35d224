"""Sends alerts and never raises: an alert must not fail a task."""

import logging
import threading
from collections.abc import Iterable

import msgspec

from dbt_scheduler.airflow.alerts import messages
from dbt_scheduler.airflow.alerts.messages import Message, Promise, TaskRun, plain
from dbt_scheduler.airflow.alerts.transports import NotSentError, open_transport
from dbt_scheduler.airflow.compat import Stats
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.spec import DagSpec

_log = logging.getLogger(__name__)

BUDGET_SECONDS = 15
"""Airflow kills a worker that is still busy 20 seconds after the end of its task."""


class Destination(msgspec.Struct, frozen=True):
    """The destination of an alert: a transport with its Airflow connection, a team's channel (``#name``), and tags."""

    transport: str
    connection: str
    channel: str | None
    tags: tuple[str, ...] = ()

    @classmethod
    def of_dag(cls, spec: DagSpec, owners: Iterable[str] = ()) -> "Destination":
        """The destination of a DAG's alerts; ``owners`` are tagged before those whom every alert tags."""
        return cls(spec.alert_channel, spec.alert_connection, spec.channel, (*owners, *spec.alert_tags))


def send_slo_miss(to: Destination, task: TaskRun, promise: Promise) -> bool:
    """Notify a producer's team that an asset is late; returns whether it succeeded. Never raises."""
    return send(to, messages.slo_miss(task, to.tags, promise))


def send_all_clear(to: Destination, sensor: TaskRun, seconds: float = BUDGET_SECONDS) -> bool:
    """Notify a consumer's team that its awaited asset is ready; returns whether it succeeded. Never raises."""
    return send(to, messages.all_clear(sensor), seconds)


def send(to: Destination, message: Message, seconds: float = BUDGET_SECONDS) -> bool:
    """Send a message within ``seconds``; returns whether it was sent. Never raises.

    If it was not, the reason and the text are logged.
    """
    try:
        problem = _send(to, message, seconds)
    except NotSentError as error:
        problem = str(error)
    except Exception as error:  # noqa: BLE001 - no error of a client library may fail the task
        problem = f"unexpected {type(error).__name__}."
    Stats.incr("dbt_scheduler.alerts", tags={"sent": "false" if problem else "true"})
    if problem:
        _log.error(
            """\
The alert could not be sent: %s
Text of the alert:
%s""",
            problem,
            plain(message),
        )
    return not problem


def _send(to: Destination, message: Message, seconds: float) -> str:
    """Send within the time limit; returns the problem, or an empty text. Raises the transport's errors."""
    channel = open_transport(to.transport, to.connection, to.channel)
    problems: list[Exception] = []

    def work() -> None:
        try:
            channel.send(message)
        except Exception as error:  # noqa: BLE001 - raised in the caller's thread
            problems.append(error)

    # A client's timeout applies to each read, so only a thread can be limited in total.
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    if worker.is_alive():
        return (
            f"no response within {format_count(seconds, 'second')}. Check that the worker can reach "
            f"{to.transport}."
        )
    if problems:
        raise problems[0]
    return ""

"""The messages of alerts, as values that each channel formats. Nothing here has side effects."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from dbt_scheduler.findings.printable import one_line

_RESUMES = "When the task finishes successfully on the producers' side, your DAG will resume automatically."

UNREGISTERED = (
    "This DAG is not in the registry, so this run does not resume automatically: "
    "clear the sensor when the asset is ready."
)
"""In place of the other sentence, such as in a pull request's DAGs."""


class Link(msgspec.Struct, frozen=True):
    """A line with a link; ``url`` may be empty."""

    text: str
    url: str


class Message(msgspec.Struct, frozen=True):
    """One alert: its lines, and whom it tags (``@person``, ``@group``, ``!subteam^ID`` or an e-mail address)."""

    lines: tuple[str | Link, ...]
    tags: tuple[str, ...] = ()


class TaskRun(msgspec.Struct, frozen=True):
    """The task of a run that an alert is about; ``start`` is that of the run's data interval."""

    dag_id: str
    task_id: str
    start: datetime
    log_url: str


class Promise(msgspec.Struct, frozen=True):
    """An asset, its due time by SLO, and the state of its task."""

    asset: str
    due: datetime
    state: str | None


def task_failure(task: TaskRun, tags: Iterable[str], others: Iterable[str | Link] = ()) -> Message:
    """A task has failed, after all of its tries; ``others`` are lines about other teams."""
    return _message(task, "task failure 🚧", others, tags)


def dependency_failure(
    task: TaskRun, tags: Iterable[str], reason: str = "", others: Iterable[str | Link] = ()
) -> Message:
    """A sensor has timed out: the failure is not in the team's own DAG.

    ``reason`` explains a run that will not resume by itself; ``others`` are lines about other teams.
    """
    return _message(task, "dependency failure 🚧", (reason or _RESUMES, *others), tags)


def tests_warned(task: TaskRun, tags: Iterable[str], tests: Iterable[str]) -> Message:
    """Tests of severity warn found something; the task itself has succeeded."""
    return _message(task, "test warnings ⚠️", tuple(tests), tags)


def slo_miss(task: TaskRun, tags: Iterable[str], promise: Promise) -> Message:
    """An asset is not ready by its SLO; the task is the one that produces it."""
    state = promise.state or "not started"
    said = f"{promise.asset} was due by {moment(promise.due)} and is not ready yet: the task is {state}."
    return _message(task, "SLO miss ⏰", (said,), tags)


def all_clear(task: TaskRun) -> Message:
    """The awaited asset of a reported dependency failure is ready. Tags nobody, because no action is needed."""
    return _message(task, "dependency arrived ✅", ("Your DAG has resumed.",), ())


def moment(when: datetime) -> str:
    """The format of times in alerts."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S}+00:00"


def plain(message: Message) -> str:
    """The message as plain text, without links."""
    lines = [_line(line) for line in message.lines]
    return "\n".join([*lines, ", ".join(message.tags)] if message.tags else lines)


def _message(task: TaskRun, title: str, extra: Iterable[str | Link], tags: Iterable[str]) -> Message:
    # Texts of other teams may be among them: each stays on its line, so that it cannot look like another alert.
    return Message(
        lines=(
            f"{task.dag_id} {title}",
            f"Date interval start: {moment(task.start)}",
            Link(f"{task.task_id} - view logs", task.log_url),
            *(one_line(line) if isinstance(line, str) else line for line in extra),
        ),
        tags=tuple(dict.fromkeys(map(one_line, tags))),
    )


def _line(line: str | Link) -> str:
    if isinstance(line, str):
        return line
    return f"{line.text} ({line.url})" if line.url else line.text

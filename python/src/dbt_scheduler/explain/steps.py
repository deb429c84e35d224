"""One step of an explanation, and the steps at which a chain ends."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from dbt_scheduler.spec import Schedule


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A task in a run: what became of it in words, whose it is, where to look, and what that is because of.

    ``run_id`` is None where there is no run. ``logical_date`` is the run's, or the one that it would have.
    ``through`` are the tasks between this one and the one that it explains. ``ends`` is false for a step that
    can be no root cause: it has succeeded, or is told elsewhere.
    """

    dag_id: str
    task_id: str
    run_id: str | None
    logical_date: datetime | None
    schedule: Schedule | None
    state: str | None
    text: str
    team: str
    channel: str | None
    url: str
    through: tuple[str, ...] = ()
    ends: bool = True
    because: tuple["Step", ...] = ()


def roots(step: Step) -> Iterator[Step]:
    """The steps that nothing further explains: the root causes."""
    # A wait for what has succeeded meanwhile is held up by nothing any more but itself.
    if all(each.state == "success" for each in step.because):
        if step.ends:
            yield step
        return
    for each in step.because:
        yield from roots(each)

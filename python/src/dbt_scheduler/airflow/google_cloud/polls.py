"""What operators and triggers of Google Cloud's jobs share: the poll interval, transient errors, the final event."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.triggers.base import TriggerEvent
from google.api_core.exceptions import Aborted, FailedPrecondition, NotFound, ServerError, TooManyRequests

PASSING = (ServerError, TooManyRequests, Aborted)
"""API errors that do not concern the job itself, after which a poll is repeated."""

POLL_SECONDS = 10.0


def ended(job: str, error: str | None) -> TriggerEvent:
    """The trigger event of a finished job; ``error`` is None if it succeeded."""
    return TriggerEvent({"job": job, "error": error})  # type: ignore[no-untyped-call]


@contextmanager
def may_have_ended(log: Any) -> Iterator[None]:  # noqa: ANN401 - Airflow has several kinds of loggers
    """For cancelling a job that may have finished or been deleted in the meantime, which is only logged."""
    try:
        yield
    except (NotFound, FailedPrecondition) as error:
        log.info("It has already finished: %s", error)

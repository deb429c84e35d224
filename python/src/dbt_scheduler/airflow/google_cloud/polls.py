"""What operators and triggers of Google Cloud's jobs have in common: how often they ask, and how a job ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.triggers.base import TriggerEvent
from google.api_core.exceptions import Aborted, FailedPrecondition, NotFound, ServerError, TooManyRequests

PASSING = (ServerError, TooManyRequests, Aborted)
"""Errors of an API that say nothing of the job."""

POLL_SECONDS = 10.0


def ended(job: str, error: str | None) -> TriggerEvent:
    """The event that ends the wait for a job; ``error`` is None if it succeeded."""
    return TriggerEvent({"job": job, "error": error})  # type: ignore[no-untyped-call]


@contextmanager
def may_have_ended(log: Any) -> Iterator[None]:  # noqa: ANN401 - Airflow has several kinds of loggers
    """For cancelling a job, which may have ended meanwhile or been deleted: that is only logged."""
    try:
        yield
    except (NotFound, FailedPrecondition) as error:
        log.info("It has already finished: %s", error)

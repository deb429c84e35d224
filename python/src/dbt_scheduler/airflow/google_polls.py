"""What the triggers of Google Cloud's jobs have in common: how often they ask, and what they say in the end."""

from airflow.triggers.base import TriggerEvent
from google.api_core.exceptions import Aborted, ServerError, TooManyRequests

PASSING = (ServerError, TooManyRequests, Aborted)
"""Errors of an API that say nothing of the job."""

POLL_SECONDS = 10.0


def ended(job: str, error: str | None) -> TriggerEvent:
    """The event that ends the wait for a job; ``error`` is None if it succeeded."""
    return TriggerEvent({"job": job, "error": error})  # type: ignore[no-untyped-call]

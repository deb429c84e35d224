"""How long a sensor waits, and when the asset is due by its SLO."""

from datetime import datetime, timedelta

from dbt_scheduler.schedule import Interval, scheduled_time
from dbt_scheduler.spec import Producer


def ready_by(producer: Producer, run: Interval) -> datetime | None:
    """By when a run of the producer has promised the asset; None without an SLO."""
    if producer.slo_seconds is None:
        return None
    return scheduled_time(run) + timedelta(seconds=producer.slo_seconds)


def patience_seconds(wait_timeout_seconds: int, producer: Producer) -> int:
    """How long a sensor waits at least: the producer's SLO, or the platform's wait timeout without one."""
    return wait_timeout_seconds if producer.slo_seconds is None else producer.slo_seconds


def wait_deadline(
    wait_timeout_seconds: int, producer: Producer, run: Interval, started: datetime
) -> datetime:
    """When a sensor that started at a moment stops waiting for that run of the producer.

    Its patience counts from the later of two moments: when the producer's run is due, and its own start.
    """
    return max(scheduled_time(run), started) + timedelta(
        seconds=patience_seconds(wait_timeout_seconds, producer)
    )


def known_deadline(
    wait_timeout_seconds: int | None, producer: Producer, run: Interval, started: datetime
) -> datetime | None:
    """The same where the wait timeout may be unknown, None or 0; None if it is, and there is no SLO either."""
    if producer.slo_seconds is None and not wait_timeout_seconds:
        return None
    return wait_deadline(wait_timeout_seconds or 0, producer, run, started)

"""The wait timeout of a sensor, and the due time of an asset by its SLO."""

from datetime import datetime, timedelta

from dbt_scheduler.schedule import Interval, scheduled_time
from dbt_scheduler.spec import Producer


def ready_by(producer: Producer, run: Interval) -> datetime | None:
    """When a run of the producer is due by the SLO; None without an SLO."""
    if producer.slo_seconds is None:
        return None
    return scheduled_time(run) + timedelta(seconds=producer.slo_seconds)


def patience_seconds(wait_timeout_seconds: int, producer: Producer) -> int:
    """The minimum time that a sensor waits: the SLO, or else the platform's wait timeout."""
    return wait_timeout_seconds if producer.slo_seconds is None else producer.slo_seconds


def wait_deadline(
    wait_timeout_seconds: int, producer: Producer, run: Interval, started: datetime
) -> datetime:
    """When a sensor that started at a moment stops waiting for a run of the producer.

    The time counts from when the producer's run is due or the sensor's start, whichever is later.
    """
    return max(scheduled_time(run), started) + timedelta(
        seconds=patience_seconds(wait_timeout_seconds, producer)
    )


def known_deadline(
    wait_timeout_seconds: int | None, producer: Producer, run: Interval, started: datetime
) -> datetime | None:
    """The same if the wait timeout may be unknown (None or 0): None if it is, and there is no SLO."""
    if producer.slo_seconds is None and not wait_timeout_seconds:
        return None
    return wait_deadline(wait_timeout_seconds or 0, producer, run, started)

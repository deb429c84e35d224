"""When a sensor times out, if the registry may not have an SLO."""

from datetime import UTC, datetime

import pytest

from dbt_scheduler.schedule import Interval
from dbt_scheduler.spec import Producer, Schedule
from dbt_scheduler.waits.deadline import known_deadline

RUN = Interval(datetime(2025, 6, 5, 0, 10, tzinfo=UTC), datetime(2025, 6, 6, 0, 10, tzinfo=UTC))
STARTED = datetime(2025, 6, 6, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timeout", "slo", "hour"),
    [(None, None, None), (0, None, None), (3600, None, 4), (None, 7200, 5), (3600, 7200, 5)],
)
def test_a_deadline_is_known_with_an_slo_or_a_timeout(
    timeout: int | None, slo: int | None, hour: int | None
) -> None:
    producer = Producer(
        dag_id="d",
        task_id="t",
        pipeline="daily",
        schedule=Schedule(cron="10 0 * * *", timezone="UTC"),
        slo_seconds=slo,
    )
    found = known_deadline(timeout, producer, RUN, STARTED)
    assert (found and found.hour) == hour

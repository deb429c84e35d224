"""The reasons why a backfill creates no runs."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from builders import an_entry
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.operations.backfill import Request, plan_backfill
from dbt_scheduler.schedule import Interval
from dbt_scheduler.spec import Schedule

DAY = timedelta(days=1)
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
SCHEDULES = {
    "daily": Schedule(cron="10 0 * * *", grain="day", start_date="2025-01-01"),
    "monthly": Schedule(cron="10 0 1 * *", grain="month", start_date="2025-01-01"),
}
ANSWERS = {
    "/auth/token": {"access_token": "x"},
    "/api/v2/dags/shipping_daily": {"is_paused": False},
    "/api/v2/dags/shipping_monthly": {"is_paused": False},
    "/api/v2/backfills": {"backfills": []},
    "/api/v2/backfills/dry_run": {"backfills": []},
}


def answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(201 if "token" in request.url.path else 200, json=ANSWERS[request.url.path])


@pytest.mark.parametrize(
    ("first", "pipelines", "reasons"),
    [
        (datetime(2025, 3, 1, tzinfo=UTC), ["daily"], ["all runs already exist"]),
        (datetime(2024, 12, 1, tzinfo=UTC), ["daily"], ["all runs already exist"]),
        (
            datetime(2025, 3, 10, tzinfo=UTC),
            ["daily", "monthly"],
            ["all runs already exist", "its schedule has no run on these dates"],
        ),
        (TODAY, ["daily"], [f"its first run is due at {TODAY + DAY:%Y-%m-%d} 00:10 UTC"]),
    ],
    ids=["done", "done-before-start", "seldom", "not-due"],
)
def test_it_shows_the_reason(first: datetime, pipelines: list[str], reasons: list[str]) -> None:
    request = Request(Interval(first, first + DAY - timedelta(microseconds=1)), "none", 4)
    entry = an_entry("dim", *pipelines, schedules=SCHEDULES)
    with AirflowApi("http://airflow", transport=httpx.MockTransport(answer)) as api:
        plan = plan_backfill(api, {"shipping": entry}, ["shipping"], request)
    assert plan.backfills == ()
    assert plan.left_out == {
        f"shipping_{name}": reason for name, reason in zip(pipelines, reasons, strict=True)
    }

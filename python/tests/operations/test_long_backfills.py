"""A backfill of thousands of runs: Airflow needs minutes to list them, and again to create them."""

from datetime import UTC, datetime

import httpx

from builders import an_entry
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.operations.backfill import Request, plan_backfill, start
from dbt_scheduler.schedule import Interval

DATES = Interval(datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC))


def test_airflow_has_minutes_for_what_takes_it_minutes() -> None:
    seconds: dict[str, float] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        path = f"{request.method} {request.url.path}"
        seconds[path] = request.extensions["timeout"]["read"]
        return httpx.Response(201 if path == "GET /auth/token" else 200, json=ANSWERS[path])

    request = Request(DATES, "none", 4)
    with AirflowApi("http://airflow", budget_seconds=1, transport=httpx.MockTransport(answer)) as api:
        plan = plan_backfill(api, {"shipping": an_entry("dim", "daily")}, ["shipping"], request)
        start(api, plan.backfills[0], request)
    assert seconds["POST /api/v2/backfills/dry_run"] == seconds["POST /api/v2/backfills"] == 300
    assert seconds["GET /api/v2/dags/shipping_daily"] == 20


ANSWERS = {
    "GET /auth/token": {"access_token": "x"},
    "GET /api/v2/dags/shipping_daily": {"is_paused": False},
    "GET /api/v2/backfills": {"backfills": []},
    "POST /api/v2/backfills/dry_run": {"backfills": [{"logical_date": "2025-01-01T00:10:00Z"}]},
    "POST /api/v2/backfills": {},
}

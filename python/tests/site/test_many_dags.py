"""The history of a platform with 2,000 DAGs: a bounded number of requests, and the effect of a time limit."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest

from airflow_server import SENSOR, FakeAirflow
from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow_api import http
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.site.dags import RegisteredDag, registered_dags
from dbt_scheduler.site.fetching import fetch_runs
from dbt_scheduler.site.history import make_history
from dbt_scheduler.site.open_waits import fetch_open_waits

NOW = datetime(2025, 6, 9, 6, 0, tzinfo=UTC)
DAYS = ("2025-06-06", "2025-06-07", "2025-06-08")
SINCE = NOW - timedelta(days=3)
PAIRS = 1000
"""Of a team and another one that waits for it, each with a daily DAG."""


def a_pair(number: int) -> dict[str, Entry]:
    consumer = a_wait_entry(a_spec(a_task("marts.b", upstream=(SENSOR,)), sensors=(a_wait("fct"),)))
    producer, waiting = f"producer{number}", f"consumer{number}"
    consumed = {producer: consumer.consumed["shipping"]}
    return {
        producer: an_entry("fct", "daily", team=producer, slo_seconds=60),
        waiting: msgspec.structs.replace(consumer, dag_prefix=waiting, consumed=consumed),
    }


@pytest.fixture(scope="module")
def dags() -> tuple[RegisteredDag, ...]:
    return registered_dags({team: entry for number in range(PAIRS) for team, entry in a_pair(number).items()})


@pytest.fixture(scope="module")
def airflow() -> Iterator[FakeAirflow]:
    fake = FakeAirflow()
    started, done = "2025-06-06T00:10:30Z", "2025-06-06T00:20:00Z"
    for number in range(PAIRS):
        for day in DAYS:
            open_ = day == DAYS[-1] and number < 7
            fake.run(f"producer{number}_daily", f"{day}T00:10", "success", marts__fct="success")
            sensor = {"state": "deferred" if open_ else "success", "start_date": started, "end_date": done}
            state = "running" if open_ else "success"
            fake.run(f"consumer{number}_daily", f"{day}T00:10", state, fct_sensor=sensor)
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


def test_two_thousand_dags_are_fewer_than_a_hundred_requests(airflow, dags):
    airflow.asked.clear()
    with AirflowApi(airflow.url) as api:
        found = fetch_runs(api, dags, SINCE, NOW)
    assert len(airflow.asked) < 100
    history = make_history(found.dags, SINCE, NOW, found.missing)
    assert (len(history.runs), len(history.landings), len(history.waits)) == (6000, 3000, 3000)
    assert history.missing == ()


def test_only_open_waits_are_requested(airflow, dags):
    airflow.asked.clear()
    with AirflowApi(airflow.url) as api:
        found = fetch_open_waits(api, dags)
    assert len(airflow.asked) <= 4
    waits = make_history(found.dags, NOW, NOW).waits
    assert [(wait.dag_id, wait.state, wait.end) for wait in waits] == [
        (f"consumer{number}_daily", "deferred", None) for number in range(7)
    ]


def test_data_beyond_the_time_limit_is_reported_as_missing(airflow, dags, monkeypatch):
    clock = SimpleNamespace(now=0.0)
    answer = airflow.reply

    def slow(path, body):
        # Most of the data is about landings.
        clock.now += 4 if "task_ids" in body and "state" not in body else 1
        return answer(path, body)

    monkeypatch.setattr(airflow, "reply", slow)
    monkeypatch.setattr(http, "time", SimpleNamespace(monotonic=lambda: clock.now))
    with AirflowApi(airflow.url, budget_seconds=20) as api:
        found = fetch_runs(api, dags, SINCE, NOW)
    assert clock.now < 24
    assert found.missing == (
        "runs that were due before 2025-06-09 00:10 UTC",
        "some of the waits",
        "the landing times of some runs",
    )
    runs = [run.run_after for each in found.dags for run in each.runs]
    assert 0 < len(runs) < 6000
    assert max(runs) == datetime(2025, 6, 9, 0, 10, tzinfo=UTC)
    history = make_history(found.dags, SINCE, NOW, found.missing)
    assert history.landings
    assert history.waits

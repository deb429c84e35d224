"""Pausing a team with many DAGs: each has its own time limit, however slow Airflow and the user are."""

from functools import partial
from pathlib import Path

import httpx
import pytest

from builders import an_entry
from command import run
from dbt_scheduler.airflow_api import http
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.cli import airflow_options, pause
from dbt_scheduler.registry.stores import open_store
from dbt_scheduler.spec import Schedule

PIPELINES = [f"p{number:02}" for number in range(30)]
PAUSED = [f"shop_{name}" for name in PIPELINES]


class SlowAirflow:
    """Has every DAG, uses nearly all of the time limit for each response, and stops after a number of changes."""

    def __init__(self) -> None:
        self.now = 0.0
        self.paused: list[str] = []
        self.ends_after = len(PIPELINES)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            return httpx.Response(201, json={"access_token": "x"})
        self.now += 15
        if request.method == "PATCH":
            if len(self.paused) == self.ends_after:
                raise httpx.ConnectError("connection refused")
            self.paused.append(request.url.path.rpartition("/")[2])
        return httpx.Response(200, json={"is_paused": False})


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SlowAirflow:
    """An Airflow with the thirty DAGs of team shop, and a user who takes an hour to confirm."""
    found = SlowAirflow()

    def confirm(_: str, *, yes: bool) -> bool:
        found.now += 3600
        return not yes

    monkeypatch.chdir(tmp_path)
    entry = an_entry("a", *PIPELINES, team="shop", schedules=dict.fromkeys(PIPELINES, Schedule("0 0 * * *")))
    open_store(f"file://{tmp_path}/registry", 20).replace("shop", entry, None)
    monkeypatch.setattr(http.time, "monotonic", lambda: found.now)
    transport = httpx.MockTransport(found.answer)
    monkeypatch.setattr(airflow_options, "AirflowApi", partial(AirflowApi, transport=transport))
    monkeypatch.setattr(pause, "confirm", confirm)
    return found


def pause_shop(code: int = 0) -> str:
    return run(
        "pause", "shop", "--airflow", "http://airflow", "--registry", "file:registry", code=code
    ).output


def test_thirty_dags_are_paused_after_lunch(slow: SlowAirflow) -> None:
    pause_shop()
    assert slow.paused == PAUSED


def test_dags_paused_before_an_error_are_listed_and_the_next_call_pauses_the_others(
    slow: SlowAirflow,
) -> None:
    slow.ends_after = 7
    said = pause_shop(code=2)
    assert said.count("is paused\n") == 7
    assert "SCH501" in said
    slow.paused, slow.ends_after = [], len(PIPELINES)
    pause_shop()
    assert slow.paused == PAUSED

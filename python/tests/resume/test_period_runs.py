"""``dbt-scheduler run``: its requests to Airflow, and its messages if there is no such run."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from builders import a_spec, a_task
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.cli import main
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.resume.period_runs import PeriodRun, RunRequest, run_period
from dbt_scheduler.schedule import manual_interval, run_interval

SPEC = a_spec(a_task("marts.dim"), a_task("marts.fct"), team="shipping")
NOW = datetime(2025, 9, 10, 12, tzinfo=UTC)
DAY = "2025-09-09T00:10:00+00:00"


class FakeAirflow:
    """An Airflow with one DAG, its runs, and the requests to create runs."""

    def __init__(self) -> None:
        self.runs: list[dict[str, object]] = []
        self.posted: list[dict[str, object]] = []
        self.answer: Callable[[], httpx.Response] | None = None
        self.has_dag = True

    def run(self, date: str | None, kind: str = "scheduled", due: str = "", state: str = "success") -> None:
        start = datetime.fromisoformat(date) if date else None
        interval = start and (run_interval if kind == "scheduled" else manual_interval)(SPEC.schedule, start)
        self.runs.append(
            {
                "dag_id": SPEC.dag_id,
                "dag_run_id": f"{kind}__{date or due}",
                "run_type": kind,
                "state": state,
                "run_after": due or interval.end.isoformat(),
                "logical_date": date,
                "data_interval_start": interval and interval.start.isoformat(),
                "data_interval_end": interval and interval.end.isoformat(),
            }
        )

    def reply(self, request: httpx.Request) -> httpx.Response:
        url = urlsplit(str(request.url))
        if url.path == "/auth/token":
            return httpx.Response(201, json={"access_token": "t"})
        if not self.has_dag:
            return httpx.Response(404, json={"detail": "not found"})
        if url.path == "/api/v2/dags/~/dagRuns/list":
            return httpx.Response(200, json=self._listed(json.loads(request.content)))
        if request.method == "POST":
            self.posted.append(json.loads(request.content))
            if self.answer:
                return self.answer()
            self.run(str(self.posted[-1]["logical_date"]), "manual", due=NOW.isoformat(), state="queued")
            return httpx.Response(200, json=self.runs[-1])
        return httpx.Response(200, json={"is_paused": False})

    def _listed(self, body: dict[str, str]) -> dict[str, object]:
        key = "logical_date" if "logical_date_gte" in body else "run_after"
        first, last = (datetime.fromisoformat(body[f"{key}_{end}"]) for end in ("gte", "lte"))
        found = [run for run in self.runs if run[key] and first <= _moment(run[key]) <= last]
        return {"dag_runs": found, "total_entries": len(found)}


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text))


@pytest.fixture
def airflow() -> FakeAirflow:
    return FakeAirflow()


def run(airflow: FakeAirflow, text: str = "2025-09-09", now: datetime = NOW, **asked: object) -> PeriodRun:
    transport = httpx.MockTransport(airflow.reply)
    with AirflowApi("http://airflow.example", budget_seconds=30, transport=transport) as api:
        return run_period(api, SPEC, text, RunRequest(**asked), now)


def refused(airflow: FakeAirflow, text: str = "2025-09-09", **asked: object) -> str:
    with pytest.raises(UsageError) as said:
        run(airflow, text, **asked)
    assert len(airflow.posted) <= 1
    return f"{said.value.message} | {said.value.hint}" if said.value.hint else said.value.message


def test_a_run_of_a_day_has_a_date_after_it_from_which_workers_infer_that_day(airflow):
    made = run(airflow)
    assert made.new
    assert (made.interval.start.isoformat(), made.interval.end.isoformat()) == (
        DAY,
        "2025-09-10T00:10:00+00:00",
    )
    assert (
        airflow.posted
        == [
            {
                "logical_date": "2025-09-10T00:10:01Z",  # 00:10:00 is the logical date of the next day's scheduled run
                "data_interval_start": "2025-09-09T00:10:00Z",
                "data_interval_end": "2025-09-10T00:10:00Z",
                "conf": {},
                "note": "Period 2025-09-09, triggered by `dbt-scheduler run`.",
            }
        ]
    )


@pytest.mark.parametrize("state", ["success", "failed", "running", "queued"])
def test_a_run_that_is_there_already_is_named_and_not_made_again(airflow, state):
    airflow.run("2025-09-10T00:10:00+00:00")  # the next day's
    airflow.run(DAY, state=state)
    made = run(airflow)
    assert (made.new, made.run.run_id, made.run.state) == (False, f"scheduled__{DAY}", state)
    assert airflow.posted == []


@pytest.mark.parametrize("date", ["2025-09-10T09:30:00+00:00", None])
def test_a_manual_run_of_the_period_is_there_too(airflow, date):
    airflow.run(date, "manual", due="2025-09-10T09:30:00+00:00")
    assert not run(airflow).new
    airflow.run(DAY)
    assert run(airflow).run.run_type == "scheduled"  # instead of the manual one


def test_a_second_call_names_the_run_of_the_first(airflow):
    first = run(airflow)
    second = run(airflow)
    assert (second.new, second.run.run_id) == (False, first.run.run_id)


def test_chosen_tasks_or_a_full_refresh_get_a_run_of_their_own_each_time(airflow):
    """Clearing the existing run would run it with its original conf."""
    airflow.run(DAY)
    for _ in range(2):
        assert run(airflow, only=("dim", "marts.fct"), full_refresh=True).new
    assert [post["logical_date"] for post in airflow.posted] == [
        "2025-09-10T00:10:01Z",
        "2025-09-10T00:10:02Z",
    ]
    assert airflow.posted[0]["conf"] == {"only": ["dim", "marts.fct"], "full_refresh": True}


def test_what_cannot_be_run(airflow):
    assert refused(airflow, "2025-09-10") == (
        "shipping_daily cannot run for 2025-09-10 yet: the run is due at 2025-09-11 00:10"
    )
    assert (
        refused(airflow, "2024-12-31") == "shipping_daily has no run for 2024-12-31: it starts on 2025-01-01"
    )
    assert refused(airflow, "2025-09").startswith(
        '"2025-09" is longer than the period of one run (grain: day)'
    )
    assert refused(airflow, only=("dimm",)) == 'task "dimm" not found in shipping_daily | did you mean "dim"?'
    assert airflow.posted == []


def test_an_airflow_that_does_not_make_the_run(airflow):
    airflow.answer = lambda: httpx.Response(409, json={"detail": "Unique constraint violation"})
    assert refused(airflow) == (
        "another run of shipping_daily was triggered at the same time | run the command again to show it"
    )
    airflow.posted.clear()
    airflow.answer = lambda: httpx.Response(400, json={"detail": "Dag has import errors"})
    with pytest.raises(
        AirflowApiError, match="Airflow rejected a run of shipping_daily: Dag has import errors"
    ):
        run(airflow)
    airflow.posted.clear()
    airflow.has_dag = False
    assert (
        refused(airflow) == "DAG shipping_daily not found in Airflow | deploy it, or check its import errors"
    )


def test_errors_before_the_first_request_to_airflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", "http://127.0.0.1:9")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "shipping_daily.json").write_bytes(msgspec.json.encode(SPEC))

    def said(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["run", *arguments, "--out", str(tmp_path)])
        assert (result.exit_code, result.stdout) == (2, "")
        return result.stderr

    assert 'hint: did you mean "shipping_daily"?' in said("shiping_daily", "--period", "2025-09-09")
    assert said("shipping_daily", "--period", "9.9.").startswith(
        '"9.9." is not a valid period: use 2025-09-09'
    )
    assert "Missing option '--period'" in said("shipping_daily")
    assert "cannot be reached" in said("shipping_daily", "--period", "2025-09-09")

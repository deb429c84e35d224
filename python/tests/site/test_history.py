"""``history export``: Airflow's data about the registry's DAGs, in the format of the pages."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from airflow_server import SENSOR, FakeAirflow
from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from command import run
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.registry.encoding import encode_entry
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.site.dags import registered_dags
from dbt_scheduler.site.fetching import fetch_runs
from dbt_scheduler.site.history import make_history
from dbt_scheduler.spec import Schedule
from static_site import document

NOW = datetime(2025, 6, 9, 6, 0, tzinfo=UTC)
DAY = "2025-06-05T00:10"
MADE = "2025-06-06T00:20:00Z"


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAirflow]:
    fake = FakeAirflow()
    monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", fake.url)
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


def entries(**asset: Any) -> dict[str, Entry]:
    """``playground`` waits each day for shipping's ``marts.fct`` of that day."""
    consumer = a_spec(a_task("marts.b", upstream=(SENSOR,)), sensors=(a_wait("fct"),))
    playground = msgspec.structs.replace(a_wait_entry(consumer), wait_timeout_seconds=7200)
    return {"playground": playground, "shipping": an_entry("fct", "daily", **asset)}


def exported(airflow: FakeAirflow, found: dict[str, Entry], *, now: datetime = NOW) -> Any:
    since = now - timedelta(days=30)
    with AirflowApi(airflow.url) as api:
        fetched = fetch_runs(api, registered_dags(found), since, now)
    return msgspec.json.decode(msgspec.json.encode(make_history(fetched.dags, since, now, fetched.missing)))


def sensor(state: str, start: str, end: str | None = None) -> dict[str, Any]:
    return {"state": state, "start_date": start, "end_date": end}


def test_a_run_is_about_its_period_and_was_due_at_its_end(airflow):
    run_id = airflow.run("shipping_daily", "2025-06-05T00:10", "success", marts__fct="success")
    found = exported(airflow, entries(slo_seconds=3600))
    assert found["runs"] == [
        {
            "dag_id": "shipping_daily", "run_id": run_id, "team": "shipping", "pipeline": "daily",
            "period_start": "2025-06-05T00:00:00Z", "period_end": "2025-06-06T00:00:00Z",
            "due": "2025-06-06T00:10:00Z", "state": "success", "start": None, "end": None, "other_teams": [],
        }
    ]  # fmt: skip
    assert found["landings"] == [
        {
            "team": "shipping", "asset": "fct", "pipeline": "daily", "dag_id": "shipping_daily", "run_id": run_id,
            "period_start": "2025-06-05T00:00:00Z", "due": "2025-06-06T01:10:00Z", "landed": MADE, "met": True,
        }
    ]  # fmt: skip
    assert (found["since"], found["until"]) == ("2025-05-10T06:00:00Z", "2025-06-09T06:00:00Z")


@pytest.mark.parametrize(
    ("task", "now", "landed", "met"),
    [
        ("success", NOW, MADE, True),
        ({"state": "success", "end_date": "2025-06-06T01:10:01Z"}, NOW, "2025-06-06T01:10:01Z", False),
        ("failed", NOW, None, False),
        ("skipped", NOW, None, False),
        ("running", NOW, None, False),
        ("running", datetime(2025, 6, 6, 1, 0, tzinfo=UTC), None, None),
    ],
)
def test_an_slo_is_met_missed_or_open(airflow, task, now, landed, met):
    airflow.run("shipping_daily", "2025-06-05T00:10", marts__fct=task)
    (found,) = exported(airflow, entries(slo_seconds=3600), now=now)["landings"]
    assert (found["landed"], found["met"]) == (landed, met)


def test_without_an_slo_a_landing_is_just_that(airflow):
    airflow.run("shipping_daily", "2025-06-05T00:10", marts__fct="success")
    (found,) = exported(airflow, entries())["landings"]
    assert (found["due"], found["landed"], found["met"]) == (None, MADE, None)


def test_a_run_by_hand_that_was_faster_made_the_asset(airflow):
    airflow.run(
        "shipping_daily",
        "2025-06-05T00:10",
        marts__fct={"state": "success", "end_date": "2025-06-06T09:00:00Z"},
    )
    by_hand = airflow.run("shipping_daily", "2025-06-05T00:10", kind="manual", marts__fct="success")
    found = exported(airflow, entries(slo_seconds=3600))
    assert len(found["runs"]) == 2
    (landing,) = found["landings"]
    assert (landing["run_id"], landing["landed"], landing["met"]) == (by_hand, MADE, True)


def test_a_manual_run_of_a_period_without_a_scheduled_one_has_no_slo(airflow):
    airflow.run(
        "shipping_daily",
        "2025-06-05T00:10",
        kind="manual",
        marts__fct={"state": "success", "end_date": "2025-06-08T09:00:00Z"},
    )
    (landing,) = exported(airflow, entries(slo_seconds=3600))["landings"]
    assert (landing["due"], landing["landed"], landing["met"]) == (None, "2025-06-08T09:00:00Z", None)


def test_an_asset_that_a_run_did_not_have_yet_has_no_landing_there(airflow):
    airflow.run("shipping_daily", "2025-06-05T00:10", "success", marts__other="success")
    found = exported(airflow, entries(slo_seconds=3600))
    assert (len(found["runs"]), found["landings"]) == (1, [])


def test_a_wait_knows_the_run_that_it_was_for_and_until_when_it_waits(airflow):
    made = airflow.run("shipping_daily", "2025-06-05T00:10", marts__fct="running")
    started = "2025-06-06T00:10:30Z"
    waiting = airflow.run(
        "playground_daily", "2025-06-05T00:10", **{SENSOR: sensor("deferred", started, started)}
    )
    found = exported(airflow, entries(slo_seconds=3600))["waits"]
    assert found == [
        {
            "dag_id": "playground_daily", "run_id": waiting, "task_id": SENSOR, "team": "playground",
            "producer_team": "shipping", "producer_asset": "fct", "producer_dag_id": "shipping_daily",
            "producer_task_id": "marts.fct", "producer_run_id": made, "state": "deferred",
            "start": started, "end": None, "until": "2025-06-06T01:10:30Z",
        }
    ]  # fmt: skip
    assert exported(airflow, entries())["waits"][0]["until"] == "2025-06-06T02:10:30Z"


@pytest.mark.parametrize(
    ("state", "end", "kept"),
    [("success", "00:11:29", False), ("success", "00:11:30", True), ("failed", "00:10:31", True)],
)
def test_waits_that_were_over_at_once_are_left_out(airflow, state, end, kept):
    times = ("2025-06-06T00:10:30Z", f"2025-06-06T{end}Z")
    airflow.run("playground_daily", "2025-06-05T00:10", **{SENSOR: sensor(state, *times)})
    found = exported(airflow, entries())["waits"]
    assert [wait["end"] for wait in found] == ([times[1]] if kept else [])


def test_of_a_dag_with_very_many_runs_the_newest_are_looked_at(airflow):
    day = datetime(2025, 5, 12, 0, 10, tzinfo=UTC)
    for hour in range(60):
        airflow.run(
            "shipping_hourly",
            (day + timedelta(hours=hour) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M"),
            "success",
            marts__fct="success",
        )
    airflow.run("shipping_hourly", "2025-05-01T00:05", "success", marts__fct="success")
    found = exported(airflow, {"shipping": an_entry("fct", "hourly")})
    assert len(found["runs"]) == len(found["landings"]) == 30
    assert found["runs"][0]["due"] == "2025-05-13T07:05:00Z"


def test_runs_before_the_window_are_not_in_it(airflow):
    airflow.run("shipping_daily", "2025-05-08T00:10", "success", marts__fct="success")
    inside = airflow.run("shipping_daily", "2025-05-10T00:10", marts__fct="success")
    assert [each["run_id"] for each in exported(airflow, entries())["runs"]] == [inside]


def test_a_run_of_long_ago_that_waits_now_is_not_hidden_by_the_window(airflow):
    backfill = airflow.run("playground_daily", "2025-03-01T00:10", fct_sensor=sensor("deferred", MADE))
    found = exported(airflow, entries())
    assert [(each["run_id"], each["end"]) for each in found["waits"]] == [(backfill, None)]


def test_a_backfilled_run_that_waits_is_seen_behind_thirty_newer_ones(airflow):
    for days in range(2, 40):
        newer = f"{NOW - timedelta(days=days):%Y-%m-%d}T00:10"
        airflow.run("playground_daily", newer, "success", fct_sensor=sensor("success", MADE, MADE))
    for day in (1, 2):
        airflow.run(
            "playground_daily", f"2025-03-0{day}T00:10", kind="backfill", fct_sensor=sensor("deferred", MADE)
        )
    airflow.run("playground_daily", "2025-03-03T00:10", "queued", kind="backfill")
    found = exported(airflow, entries())
    assert [(each["run_id"], each["state"]) for each in found["waits"]] == [
        ("backfill__2025-03-02T00:10", "deferred"),
        ("backfill__2025-03-03T00:10", "deferred"),
    ]


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        ("2025-10-26", "2025-10-25T22:10", "2025-10-26T23:10"),
        ("2025-03-30", "2025-03-29T23:10", "2025-03-30T22:10"),
    ],
    ids=["25 hours", "23 hours"],
)
def test_a_day_on_which_the_clock_changes_is_one_period_with_one_landing_and_its_wait(
    airflow, day, start, end
):
    berlin = Schedule(cron="10 0 * * *", timezone="Europe/Berlin", grain="day", start_date="2025-01-01")
    found = entries(slo_seconds=3600, schedules={"daily": berlin})
    playground = found["playground"]
    found["playground"] = msgspec.structs.replace(playground, pipelines={"daily": berlin})
    late = f"{end}:30Z"
    for dag_id, tasks in (
        ("shipping_daily", {"marts__fct": {"state": "success", "end_date": late}}),
        ("playground_daily", {"fct_sensor": sensor("deferred", late)}),
    ):
        airflow.run(dag_id, DAY, **tasks)
        for task in airflow.tasks.values():
            task["run_after"] = f"{end}:00Z"
        airflow.runs[-1].update(
            run_after=f"{end}:00Z",
            logical_date=f"{start}:00Z",
            data_interval_start=f"{start}:00Z",
            data_interval_end=f"{end}:00Z",
        )
    midnight = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    exported_ = exported(airflow, found, now=datetime.fromisoformat(f"{end}:00Z") + timedelta(hours=2))
    shipping = next(each for each in exported_["runs"] if each["team"] == "shipping")
    assert datetime.fromisoformat(shipping["period_start"]) == midnight
    assert datetime.fromisoformat(shipping["period_end"]) == midnight + timedelta(days=1)  # in local time
    assert shipping["due"] == f"{end}:00Z"
    (landing,) = exported_["landings"]
    assert (landing["landed"], landing["met"]) == (late, True)
    (wait,) = exported_["waits"]
    assert wait["producer_run_id"] == shipping["run_id"]


def test_assets_that_are_not_exposed_have_no_history(airflow):
    entry = an_entry("fct", "daily")
    made = entry.produced["fct"]
    hidden = msgspec.structs.replace(
        made,
        exposed=False,
        pipelines={"daily": msgspec.structs.replace(made.pipelines["daily"], exposed=False)},
    )
    airflow.run("shipping_daily", "2025-06-05T00:10", marts__fct="success")
    assert (
        exported(airflow, {"shipping": msgspec.structs.replace(entry, produced={"fct": hidden})})["landings"]
        == []
    )


def test_a_hand_written_dag_is_requested_by_its_dag_id(airflow):
    airflow.run("load_daily", "2025-06-05T00:10", end="success")
    found = exported(
        airflow, {"shipping": an_entry("fct", "daily", dag_id="load_daily", group=None, task_id="end")}
    )
    assert [(each["dag_id"], each["landed"]) for each in found["landings"]] == [("load_daily", MADE)]


def test_a_dag_that_is_paused_for_long_has_its_last_runs(airflow):
    for hour in range(35):
        at = datetime(2025, 5, 20, 0, 5, tzinfo=UTC) + timedelta(hours=hour)
        airflow.run("shipping_hourly", at.strftime("%Y-%m-%dT%H:%M"), "success", marts__fct="success")
    found = exported(airflow, {"shipping": an_entry("fct", "hourly")})
    assert len(found["runs"]) == len(found["landings"]) == 30
    assert found["runs"][-1]["due"] == "2025-05-21T11:05:00Z"


def test_a_dag_that_the_login_may_not_see_hides_no_other(airflow, published):
    airflow.run("shipping_daily", yesterday(), marts__fct="success")
    airflow.hidden.add("playground_daily")
    assert export() == (
        "warning: the login is not allowed to read the runs of playground_daily: they are skipped\n"
        "1 run of 1 DAG written to history.json\n"
    )


@pytest.fixture
def published(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("registry").mkdir()
    for team, entry in entries(slo_seconds=3600).items():
        Path(f"registry/{team}.json").write_bytes(encode_entry(team, entry))
    return tmp_path


def export(*arguments: str, code: int = 0) -> str:
    return run(
        "history", "export", "--out", "history.json", "--registry", "registry", *arguments, code=code
    ).stderr


def yesterday() -> str:
    """The logical date of the newest due run."""
    return (datetime.now(UTC) - timedelta(days=2)).strftime("%Y-%m-%dT00:10")


def test_what_is_exported_is_shown(airflow, published):
    airflow.run("shipping_daily", yesterday(), marts__fct="success")
    assert export() == "1 run of 1 DAG written to history.json\n"
    run("registry", "site", "--out", "site", "--registry", "registry", "--history", "history.json")
    index = document(Path("site"), "index")
    assert (index["documents"], index["assets"]["slo"]) == (["history"], [[1, 1]])
    assert document(Path("site"), "history") == json.loads(Path("history.json").read_text())


def test_an_export_without_runs_prints_the_period(airflow, published):
    airflow.run("shipping_daily", "2025-05-08T00:10", "success", marts__fct="success")
    assert export("--days", "7") == (
        "warning: Airflow has no runs of the registry's DAGs due in the last 7 days; use --days N to look further back\n"
        "0 runs of 0 DAGs written to history.json\n"
    )


def test_a_login_that_may_not_see_any_runs_is_refused(airflow, published):
    airflow.answer = (403, b"{}")
    assert "returned 403 for POST /api/v2/dags/~/dagRuns/list" in export(code=2)


def test_an_unresponsive_airflow_keeps_the_earlier_file(airflow, published):
    Path("history.json").write_text("before")
    airflow.answer = (500, b"{}")
    assert "SCH501" in export(code=2)
    assert Path("history.json").read_text() == "before"


def test_without_a_registry_there_is_nothing_to_ask_for(airflow, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "SCH423" in export(code=2)
    assert airflow.asked == []


def test_a_dag_that_makes_assets_of_two_external_teams_has_its_runs_once(airflow):
    airflow.run("load_daily", DAY, "success", marts__orders="success", marts__bills="success")
    found = exported(
        airflow,
        {
            "crm": an_entry("orders", "daily", team="crm", dag_id="load_daily"),
            "erp": an_entry("bills", "daily", team="erp", dag_id="load_daily"),
        },
    )
    (run,) = found["runs"]
    assert (run["dag_id"], run["team"], run["other_teams"]) == ("load_daily", "crm", ["erp"])
    assert [(each["team"], each["asset"]) for each in found["landings"]] == [
        ("crm", "orders"),
        ("erp", "bills"),
    ]


def test_a_dag_that_two_external_teams_declare_is_requested_once(airflow):
    airflow.run("load_daily", DAY, "success", marts__orders="success", marts__bills="success")
    crm = an_entry("orders", "daily", team="crm", dag_id="load_daily")
    hourly = {"daily": Schedule(cron="5 * * * *", start_date="2025-01-01")}
    erp = an_entry("bills", "daily", team="erp", dag_id="load_daily", schedules=hourly)
    exported(airflow, {"crm": crm})
    of_one = [*airflow.asked]
    airflow.asked.clear()
    exported(airflow, {"crm": crm, "erp": erp})
    assert airflow.asked == of_one

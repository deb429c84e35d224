"""Assets of hand-written DAGs: which of their runs counts for a period, and which runs resume after it."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from airflow_names import CronTriggerTimetable
from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow import AssetSensor, by_hand, resume_consumers
from dbt_scheduler.airflow.compat import AirflowException, AirflowFailException, CronDataIntervalTimetable
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.explain.chain import Explainer
from dbt_scheduler.explain.compiled import CompiledDags, known
from dbt_scheduler.operations.backfill import Request, plan_backfill
from dbt_scheduler.operations.pausing import plan_pause
from dbt_scheduler.output import DeployedDags
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.registry.stores import open_store
from dbt_scheduler.resume.slo_misses import find_slo_misses
from dbt_scheduler.resume.sweep import sweep
from dbt_scheduler.schedule import Interval
from dbt_scheduler.spec import DagSpec, Schedule
from dbt_scheduler.waits.decision import awaited_by
from harness import Platform, moment

MADE_BY = "load_orders"
WAIT = "wait_for__hard_dependencies.orders"
AT_SIX = Schedule(cron="0 6 * * *", grain="day")
TIMETABLES = {
    "trigger": '"0 6 * * *"',  # Airflow 3 makes a timetable without intervals of it
    "interval": 'CronDataIntervalTimetable("0 6 * * *", timezone="UTC")',
    "two hours": 'CronTriggerTimetable("0 6 * * *", timezone="UTC", interval=timedelta(hours=2))',
}
IMPORTS = """
from datetime import datetime, timedelta
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator
from dbt_scheduler.airflow import AssetSensor, by_hand, resume_consumers
from dbt_scheduler.airflow.compat import CronDataIntervalTimetable
try:
    from airflow.sdk import CronTriggerTimetable
except ImportError:  # Airflow 3.1
    from airflow.timetables.trigger import CronTriggerTimetable
"""
BY_HAND = """
with DAG("load_orders", schedule={schedule}, start_date=datetime(2025, 1, 1), catchup=False):
    PythonOperator(task_id="load", python_callable=print, on_success_callback={callback})
"""
REPORT = """
with DAG("report", schedule="0 7 * * *", start_date=datetime(2025, 1, 1), catchup=False):
    AssetSensor(task_id="wait", asset="dim") >> PythonOperator(task_id="send", python_callable=print)
    AssetSensor(task_id="misspelt", asset="shipping.dims")
"""
ON_DEMAND = """
with DAG("on_demand", schedule=None):
    AssetSensor(task_id="wait", asset="shipping.dim")
"""


def an_external_entry(dag_id: str, **rest: Any) -> Entry:
    """The registry entry of an owner of hand-written DAGs."""
    words = {"group": None, "task_id": "load", "schedules": {dag_id: AT_SIX}, **rest}
    return an_entry("orders", dag_id, team="legacy", dag_id=dag_id, **words)


def with_prefix(prefix: str, entry: Entry) -> Entry:
    """The entry as compiled with an environment's platform file."""
    produced = {
        name: msgspec.structs.replace(made, dag_prefix=prefix + made.dag_prefix)
        for name, made in entry.produced.items()
    }
    return msgspec.structs.replace(entry, dag_prefix=prefix + entry.dag_prefix, produced=produced)


def deployed(airflow: Platform, timetable: str, callback: str = "None") -> DagSpec:
    """A hand-written daily DAG, and the daily DAG of a team that reads its asset."""
    sensor = a_wait("orders", team="legacy", schedule=AT_SIX, dag_id=MADE_BY, task_id="load")
    consumer = a_spec(a_task("marts.mine", upstream=(sensor.task_id,)), sensors=(sensor,))
    airflow.publish("legacy", an_external_entry(MADE_BY))
    airflow.publish(consumer.team, a_wait_entry(consumer))
    code = BY_HAND.format(schedule=TIMETABLES[timetable], callback=callback)
    airflow.write_by_hand(MADE_BY, IMPORTS + code)
    airflow.deploy(consumer)
    return consumer


def swept(airflow: Platform, api_url: str) -> list[tuple[str, ...]]:
    """The sensors that a sweep satisfies."""
    with AirflowApi(api_url) as api:
        found = sweep(api, open_store(airflow.registry.as_uri()).read_all().entries)
    return [each.id_[::2] for each in found.outcome.satisfied]


def explained(airflow: Platform, api_url: str, consumer: DagSpec, now: str) -> str:
    """The output of `explain` for the hand-written DAG's task."""
    with AirflowApi(api_url) as api:
        deployed = DeployedDags(airflow.dags.parent, airflow.registry.as_uri())
        step = Explainer(CompiledDags(deployed), api, moment(now)).explain(known(consumer), WAIT, None)
    return step.because[0].text


@pytest.mark.parametrize("timetable", TIMETABLES)
def test_a_run_of_yesterday_is_not_taken_for_the_one_of_the_day(
    airflow: Platform, api_url: str, timetable: str
) -> None:
    consumer = deployed(airflow, timetable)
    airflow.run_by_hand(MADE_BY, "2025-03-01T06:00")
    airflow.run("playground_daily", "2025-03-01T00:10")
    airflow.work()
    assert airflow.state("playground_daily", WAIT) == "deferred"
    assert swept(airflow, api_url) == []
    due = "has not run yet: its run is due at 2025-03-02 06:00 UTC"
    assert explained(airflow, api_url, consumer, "2025-03-02T05:00") == due
    airflow.run_by_hand(MADE_BY, "2025-03-02T06:00")
    airflow.work()
    assert airflow.state("playground_daily") == "success"
    assert airflow.xcom("playground_daily", WAIT, "note") is None


def test_the_sweep_resumes_what_waited_for_a_hand_written_dag(airflow: Platform, api_url: str) -> None:
    consumer = deployed(airflow, "trigger")
    airflow.run("playground_daily", "2025-03-01T00:10")
    airflow.work()
    airflow.let_time_pass()
    airflow.run_by_hand(MADE_BY, "2025-03-01T06:00")
    airflow.work()
    assert airflow.state("playground_daily", WAIT) == "failed"
    assert swept(airflow, api_url) == []
    airflow.run_by_hand(MADE_BY, "2025-03-02T07:30", manual=True)
    airflow.work()
    assert explained(airflow, api_url, consumer, "2025-03-02T08:00").startswith("succeeded at ")
    assert swept(airflow, api_url) == [("playground_daily", WAIT)]
    airflow.work()
    assert airflow.state("playground_daily") == "success"


@pytest.mark.parametrize("timetable", ["trigger", "two hours"])
def test_a_hand_written_task_resumes_its_consumers_by_a_callback(airflow: Platform, timetable: str) -> None:
    deployed(airflow, timetable, callback='resume_consumers("legacy.orders")')
    airflow.run("playground_daily", "2025-03-01T00:10")
    airflow.run_by_hand(MADE_BY, "2025-03-01T06:00")
    airflow.schedule()
    airflow.schedule()
    assert airflow.state("playground_daily", WAIT) == "deferred"
    run = airflow.run_by_hand(MADE_BY, "2025-03-02T06:00")
    airflow.schedule()
    airflow.schedule()
    assert airflow.state("playground_daily") == "success"
    assert airflow.note("playground_daily", WAIT) == f"Satisfied by {MADE_BY} {run}"


def test_a_hand_written_dag_waits_for_an_asset_of_the_registry(
    airflow: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    airflow.write_by_hand("report", IMPORTS + REPORT)
    airflow.write_by_hand("on_demand", IMPORTS + ON_DEMAND)
    airflow.deploy(a_spec(a_task("marts.dim"), team="shipping"))  # there is no registry yet
    airflow.publish("shipping", an_entry("dim", "daily"))
    airflow.run_by_hand("report", "2025-03-02T07:00")
    airflow.run_without_date("on_demand", "2025-03-02T09:30")
    airflow.run("shipping_daily", "2025-02-28T00:10")
    airflow.work()
    assert airflow.states("report") == {"wait": "deferred", "send": None, "misspelt": "failed"}
    assert airflow.state("on_demand", "wait") == "deferred"
    assert ', team shipping has no asset "dims": did you mean "shipping.dim"?\n' in capsys.readouterr().out
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    assert airflow.states("report") == {"wait": "success", "send": "success", "misspelt": "failed"}
    assert airflow.state("on_demand") == "success"


def test_slo_and_operations_know_the_hand_written_dag_by_its_own_id(airflow: Platform, api_url: str) -> None:
    deployed(airflow, "trigger")
    run = airflow.run_by_hand(MADE_BY, "2025-03-02T06:00")
    generated = a_spec(a_task("marts.dim"), team="shipping")
    airflow.deploy(generated)
    airflow.run("shipping_daily", "2025-03-01T00:10")
    entries = {
        "legacy": an_external_entry(MADE_BY, slo_seconds=3600),
        "shipping": an_entry("dim", "daily"),
        "evil": an_external_entry("shipping_daily", task_id="marts.dim", slo_seconds=60),
    }
    days = Interval(moment("2025-03-01"), moment("2025-03-02T23:00"))
    with AirflowApi(api_url) as api:
        (miss,) = find_slo_misses(api, entries, moment("2025-03-02T08:00"), timedelta(days=1))
        backfills = plan_backfill(api, entries, ["legacy"], Request(days, "none", 1))
        assert plan_pause(api, entries, "legacy").dags == (MADE_BY,)
    assert (miss.name, miss.due) == (f"{MADE_BY}/{run}/legacy.orders", moment("2025-03-02T07:00"))
    assert miss.interval == Interval(moment("2025-03-01T06:00"), moment("2025-03-02T06:00"))
    assert [(each.dag_id, each.dates) for each in backfills.backfills] == [
        (MADE_BY, (moment("2025-03-01T06:00"),))
    ]


@pytest.mark.parametrize(
    ("schedule", "grain", "found"),
    [
        ("0 7 * * *", None, Schedule("0 7 * * *")),
        ("0 7 * * *", "day", Schedule("0 7 * * *", grain="day")),
        (
            CronDataIntervalTimetable("0 7 * * 1", "Europe/Vilnius"),
            "week",
            Schedule("0 7 * * 1", "Europe/Vilnius", "week"),
        ),
        (None, None, Schedule("* * * * *")),
        (timedelta(hours=5), None, Schedule("* * * * *")),
        ("0 7 * * * 30", None, Schedule("* * * * *")),
    ],
)
def test_the_schedule_of_a_hand_written_dag_is_read_from_its_timetable(
    schedule: Any, grain: str | None, found: Schedule
) -> None:
    with DAG("report", schedule=schedule):
        assert AssetSensor(task_id="wait", asset="dim", grain=grain)._schedule() == found


@pytest.mark.parametrize("hours", [0, 2, 24, 30])
def test_a_hand_written_dag_waits_for_the_day_that_its_interval_ends_after(
    tmp_path: Path, hours: int
) -> None:
    (tmp_path / "shipping.json").write_bytes(msgspec.json.encode({"shipping": an_entry("dim", "daily")}))
    timetable = CronTriggerTimetable("0 7 * * *", timezone="UTC", interval=timedelta(hours=hours))
    with DAG("report", schedule=timetable):
        sensor = AssetSensor(task_id="wait", asset="dim", grain="day", registry=tmp_path.as_uri())
    end = moment("2025-03-02T07:00")
    start = end - timedelta(hours=hours)
    run = SimpleNamespace(
        run_type="scheduled",
        run_after=end,
        logical_date=start,
        data_interval_start=start,
        data_interval_end=end,
    )
    assert awaited_by(sensor._find_wait({}), run).interval.start == moment("2025-03-01T00:10")


@pytest.mark.parametrize("schedule", [None, "0 7 * * 1"])
def test_a_grain_that_does_not_fit_the_dag_is_reported(schedule: str | None) -> None:
    with DAG("report", schedule=schedule):
        sensor = AssetSensor(task_id="wait", asset="dim", grain="day")
    with pytest.raises(AirflowFailException, match='grain "day" does not fit the DAG: cron '):
        sensor._schedule()


def test_parsing_a_dag_that_waits_by_hand_reads_no_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_SCHEDULER_REGISTRY", (tmp_path / "nowhere").as_uri())
    with DAG("report", schedule=None):
        sensor = AssetSensor(task_id="wait", asset="dim")
        assert callable(resume_consumers("legacy.orders"))
    with pytest.raises(AirflowException, match="/nowhere, asset"):
        sensor._find_wait({})
    monkeypatch.setenv("DBT_SCHEDULER_REGISTRY", "ftp://nowhere")
    with pytest.raises(
        AirflowException, match="The registry ftp://nowhere cannot be read: registry URLs start"
    ):
        sensor._find_wait({})
    with pytest.raises(ValueError, match="requires an asset in the form"):
        resume_consumers("orders")


def test_an_entry_that_cannot_be_read_is_waited_for_as_long_as_there_are_retries(tmp_path: Path) -> None:
    """It may contain the asset; if an asset is certainly unknown, the task fails without retries."""
    (tmp_path / "shipping.json").write_text("{")
    with DAG("report", schedule=None):
        sensor = AssetSensor(task_id="wait", asset="dim", registry=tmp_path.as_uri())
    with pytest.raises(AirflowException) as raised:
        sensor._find_wait({})
    assert not isinstance(raised.value, AirflowFailException)


@pytest.mark.parametrize("prefix", ["", "staging_"])
def test_the_sweep_that_a_callback_asks_for_is_the_one_of_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    entry = with_prefix(prefix, an_external_entry(MADE_BY))
    (tmp_path / "legacy.json").write_bytes(msgspec.json.encode({"legacy": entry}))
    monkeypatch.setattr(by_hand, "resume_who_waits", lambda _assets, find: find)
    with DAG(MADE_BY, schedule=None):
        task = EmptyOperator(task_id="load")
    found = resume_consumers("legacy.orders", registry=tmp_path.as_uri())({"task": task})
    assert found[0].resume_dag == f"{prefix}dbt_scheduler_resume"


@pytest.mark.parametrize(
    ("asset", "said"),
    [
        ("legacy.orders", "legacy.orders is produced by load_orders load, not by this task."),
        ("legacy.order", "has no entry for legacy.order: publish it"),
        ("other.orders", "has no entry for other.orders: publish it"),
    ],
)
def test_a_callback_on_the_wrong_task_resumes_no_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, asset: str, said: str
) -> None:
    document = msgspec.json.encode({"legacy": an_external_entry(MADE_BY)})
    (tmp_path / "legacy.json").write_bytes(document)
    with DAG("copy", schedule=None):
        task = EmptyOperator(task_id="load")
    resume_consumers(asset, registry=tmp_path.as_uri())({"task": task})
    assert said in caplog.text

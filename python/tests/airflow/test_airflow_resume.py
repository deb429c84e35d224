"""Late data: the waiting runs resume, and no others."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow import callback, landing
from dbt_scheduler.airflow.sensor import AssetSensor
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.cli import main
from dbt_scheduler.registry.entry import Consumed, Contact
from dbt_scheduler.registry.stores import open_store
from dbt_scheduler.resume.satisfy import Outcome, satisfy
from dbt_scheduler.resume.slo_misses import find_slo_misses
from dbt_scheduler.resume.sweep import SweepResult, sweep
from dbt_scheduler.spec import RESUME_DAG, SENSOR_OPERATOR, DagSpec
from fake_airflow import DUE, FakeAirflow
from harness import Platform, moment
from older_airflow import airflow_has

WAIT = "wait_for__hard_dependencies.dim"
NOBODY = "http://127.0.0.1:9"


def a_producer(pipeline: str = "daily", **rest: object) -> DagSpec:
    """The team ``shipping``, which produces ``dim``."""
    task = a_task("marts.dim", assets=("shipping.dim",), signals=True, **rest)
    return a_spec(task, pipeline=pipeline, team="shipping")


def a_consumer(produced_in: str = "daily", *, pipeline: str = "daily", team: str = "playground") -> DagSpec:
    """A team that reads ``dim``: one task reads it, and another one reads the first one's."""
    sensor = a_wait("dim", pipeline=produced_in)
    mine = a_task("marts.mine", upstream=(sensor.task_id,))
    return a_spec(
        mine, a_task("marts.below", upstream=("marts.mine",)), pipeline=pipeline, team=team, sensors=(sensor,)
    )


def publish(airflow: Platform, produced_in: str, *consumers: DagSpec) -> None:
    """Publish the registry like the teams' CI."""
    airflow.publish("shipping", an_entry("dim", produced_in))
    for each in consumers:
        airflow.publish(each.team, a_wait_entry(each))


def swept(airflow: Platform, api_url: str) -> SweepResult:
    """The result of a sweep."""
    with AirflowApi(api_url) as api:
        return sweep(api, open_store(airflow.registry.as_uri()).read_all().entries)


def failed_for_want_of_data(
    airflow: Platform, *consumers: DagSpec, produced_in: str = "daily", **producer: object
) -> None:
    """Consumers of 1 March whose sensors timed out."""
    airflow.deploy(a_producer(produced_in, **producer), *consumers)
    publish(airflow, produced_in, *consumers)
    for each in consumers:
        airflow.run(each.dag_id, "2025-03-01T00:10")
    airflow.work()
    airflow.let_time_pass()
    airflow.work()
    assert {airflow.state(each.dag_id, WAIT) for each in consumers} == {"failed"}
    assert {airflow.state(each.dag_id) for each in consumers} == {"failed"}


def test_landings_and_resumed_runs_are_metrics(airflow: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, float, dict[str, str]]] = []

    class Recorder:
        @staticmethod
        def note(name: str, value: float = 1, *, tags: dict[str, str]) -> None:
            seen.append((name, value, tags))

        incr = gauge = note

    for module in (landing, callback):
        monkeypatch.setattr(module, "Stats", Recorder)
    failed_for_want_of_data(airflow, a_consumer())
    airflow.publish("shipping", an_entry("dim", "daily", slo_seconds=3600))
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    of_asset = {"team": "shipping", "asset": "dim", "pipeline": "daily"}
    assert [(name, tags) for name, _, tags in seen] == [
        ("dbt_scheduler.asset_landed", {**of_asset, "slo": "missed"}),
        ("dbt_scheduler.asset_lateness_seconds", of_asset),
        ("dbt_scheduler.sensors_satisfied", {"by": "callback"}),
        ("dbt_scheduler.runs_resumed", {"by": "callback"}),
    ]
    late = datetime.now(UTC) - moment("2025-03-02T01:10")
    assert late - timedelta(hours=1) < timedelta(seconds=seen[1][1]) <= late
    assert [value for _, value, _ in seen[2:]] == [1, 1]


def test_a_run_that_timed_out_resumes_when_the_data_arrives(airflow: Platform) -> None:
    failed_for_want_of_data(airflow, a_consumer())
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    assert airflow.states("playground_daily") == {
        WAIT: "success",
        "marts.mine": "success",
        "marts.below": "success",
    }
    assert airflow.state("playground_daily") == "success"


def test_a_waiting_run_resumes_without_polling(airflow: Platform) -> None:
    consumer = a_consumer()
    airflow.deploy(a_producer(), consumer)
    publish(airflow, "daily", consumer)
    airflow.run("playground_daily", "2025-03-01T00:10")
    airflow.schedule()
    assert airflow.state("playground_daily", WAIT) == "deferred"
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.schedule()
    airflow.schedule()
    assert airflow.state("playground_daily") == "success"


def test_the_sweep_does_what_the_callback_could_not(
    airflow: Platform, api_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed_for_want_of_data(airflow, a_consumer())
    monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", NOBODY)
    run = airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    assert airflow.state("shipping_daily") == "success"
    assert airflow.state("playground_daily") == "failed"
    seen = swept(airflow, api_url)
    assert [each.id_[::2] for each in seen.outcome.satisfied] == [("playground_daily", WAIT)]
    airflow.work()
    assert airflow.state("playground_daily") == "success"
    assert airflow.note("playground_daily", WAIT) == f"Satisfied by shipping_daily {run}"
    again = swept(airflow, api_url)
    assert (again.outcome.satisfied, again.outcome.repaired, again.waiting) == ((), (), 0)


def test_the_sweep_finds_a_task_that_was_marked_as_success(airflow: Platform, api_url: str) -> None:
    failed_for_want_of_data(airflow, a_consumer(), fails=True)
    run = airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    assert not swept(airflow, api_url).outcome.satisfied
    airflow.set_state("shipping_daily", "marts.dim", run, "success")
    assert len(swept(airflow, api_url).outcome.satisfied) == 1
    airflow.work()
    assert airflow.state("playground_daily") == "success"


def test_the_sweep_counts_a_newer_success_for_a_run_that_never_was(airflow: Platform, api_url: str) -> None:
    failed_for_want_of_data(airflow, a_consumer())
    airflow.run("shipping_daily", "2025-03-02T00:10")
    airflow.work()
    assert airflow.state("playground_daily") == "failed"
    swept(airflow, api_url)
    airflow.work()
    assert airflow.state("playground_daily") == "success"


def test_consumers_with_two_schedules_resume_with_their_own_runs(airflow: Platform) -> None:
    hourly = a_consumer("hourly", pipeline="hourly", team="hasty")
    daily = a_consumer("hourly", pipeline="daily")
    airflow.deploy(a_producer("hourly"), hourly, daily)
    publish(airflow, "hourly", hourly, daily)
    airflow.run("hasty_hourly", "2025-03-01T22:05")
    last = airflow.run("hasty_hourly", "2025-03-01T23:05")
    airflow.run("playground_daily", "2025-03-01T00:10")
    airflow.schedule()
    airflow.run("shipping_hourly", "2025-03-01T22:05")
    airflow.schedule()
    airflow.schedule()
    assert airflow.state("playground_daily") == "running"
    assert airflow.state("hasty_hourly", WAIT, last) == "deferred"
    airflow.run("shipping_hourly", "2025-03-01T23:05")
    airflow.schedule()
    airflow.schedule()
    assert airflow.state("playground_daily") == "success"
    assert airflow.state("hasty_hourly", None, last) == "success"


def test_a_manual_run_of_the_consumer_resumes_too(airflow: Platform) -> None:
    consumer = a_consumer()
    airflow.deploy(a_producer(), consumer)
    publish(airflow, "daily", consumer)
    airflow.run("playground_daily", "2025-03-02T09:30", manual=True)
    airflow.schedule()
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.schedule()
    airflow.schedule()
    assert airflow.state("playground_daily") == "success"


def test_a_run_that_failed_for_another_reason_is_left_alone(airflow: Platform, api_url: str) -> None:
    sensor = a_wait("dim")
    consumer = a_spec(
        a_task("marts.mine", upstream=(sensor.task_id,), fails=True),
        a_task("marts.below", upstream=("marts.mine",)),
        sensors=(sensor,),
    )
    airflow.deploy(a_producer(), consumer)
    publish(airflow, "daily", consumer)
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    airflow.run("playground_daily", "2025-03-01T00:10")
    airflow.work()
    before = airflow.everything()
    seen = swept(airflow, api_url)
    assert (seen.outcome.satisfied, seen.outcome.repaired) == ((), ())
    airflow.work()
    assert airflow.everything() == before
    assert airflow.state("playground_daily") == "failed"


def test_a_cleared_producer_does_not_affect_finished_consumers(airflow: Platform, api_url: str) -> None:
    consumer = a_consumer()
    airflow.deploy(a_producer(), consumer)
    publish(airflow, "daily", consumer)
    airflow.run("playground_daily", "2025-03-01T00:10")
    run = airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    done = airflow.tries("playground_daily")
    for _ in range(2):  # so the callback runs three times in total
        with AirflowApi(api_url) as api:
            api.queue_run("shipping_daily", run)
        airflow.set_state("shipping_daily", "marts.dim", run, None)
        airflow.work()
        assert airflow.state("shipping_daily") == "success"
    assert airflow.tries("playground_daily") == done
    assert airflow.state("playground_daily") == "success"


def test_a_deleted_or_paused_consumer_does_not_block_others(airflow: Platform, api_url: str) -> None:
    """The deleted one is skipped, the paused one resumes after it is unpaused, and the third one immediately."""
    gone, paused, third = (a_consumer(team=team) for team in ("gone", "paused", "third"))
    failed_for_want_of_data(airflow, gone, paused, third)
    token = httpx.get(f"{api_url}/auth/token").json()["access_token"]
    with httpx.Client(base_url=api_url, headers={"Authorization": f"Bearer {token}"}) as people:
        people.delete("/api/v2/dags/gone_daily").raise_for_status()
        people.patch("/api/v2/dags/paused_daily", json={"is_paused": True}).raise_for_status()
        airflow.run("shipping_daily", "2025-03-01T00:10")
        airflow.work()
        assert airflow.state("shipping_daily") == "success"
        assert airflow.state("third_daily") == "success"
        assert airflow.state("paused_daily", WAIT) == "success"
        assert airflow.state("paused_daily") != "success"
        people.patch("/api/v2/dags/paused_daily", json={"is_paused": False}).raise_for_status()
    airflow.work()
    swept(airflow, api_url)
    airflow.work()
    assert airflow.state("paused_daily") == "success"


@pytest.mark.parametrize(
    "sensor", ["marts.approve", "wait_for__hard_dependencies.never", "wait_for__hard_dependencies.approve"]
)
def test_an_entry_cannot_have_another_teams_task_marked(sensor: str, airflow: Platform, api_url: str) -> None:
    wait = a_wait("never")
    group = {"group": "wait_for__hard_dependencies"} if sensor.endswith("s.approve") else {}
    approve = a_task("wait_for__hard_dependencies.approve" if group else "marts.approve", fails=True, **group)
    victim = a_spec(
        approve,
        a_task("marts.pay", upstream=(approve.task_id, wait.task_id)),
        team="finance",
        sensors=(wait,),
    )
    airflow.deploy(a_producer(), victim)
    publish(airflow, "daily")
    reader = Consumed(
        pipeline="daily",
        producer_pipeline="daily",
        task_group=None,
        task_id="mine",
        sensor_task_id=sensor,
        dependency="hard",
    )
    claim = msgspec.structs.replace(a_wait_entry(victim), consumed={"shipping": {"dim": (reader,)}})
    airflow.publish("maker", claim)
    run = airflow.run("finance_daily", "2025-03-01T00:10")
    airflow.work()
    airflow.let_time_pass()
    airflow.work()
    # # a sensor that the sweep would satisfy if it belonged to this team
    airflow.set_state("finance_daily", wait.task_id, run, "failed")
    before = airflow.states("finance_daily")
    assert before["marts.pay"] == "upstream_failed"
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    assert airflow.state("shipping_daily") == "success"
    seen = swept(airflow, api_url)
    assert (seen.outcome.satisfied, seen.outcome.repaired, seen.waiting) == ((), (), 0)
    airflow.set_state("finance_daily", approve.task_id, run, "success")
    airflow.set_state("finance_daily", wait.task_id, run, "success")
    assert swept(airflow, api_url).outcome.repaired == ()
    assert airflow.states("finance_daily")["marts.pay"] == "upstream_failed"


@pytest.mark.parametrize("liar", ["aaa", "zzz"])
def test_another_teams_claim_keeps_no_run_from_going_on(
    liar: str, airflow: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    consumer = a_consumer()
    claim = msgspec.structs.replace(a_wait_entry(consumer), contact=Contact(channel="#liars"))
    airflow.publish(liar, claim)
    failed_for_want_of_data(airflow, consumer)
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    assert airflow.state("playground_daily") == "success"
    assert "#liars" not in caplog.text
    assert f"playground_daily is a DAG of {liar} in the registry" in caplog.text


def test_an_entry_with_as_many_sensors_as_it_may_have_keeps_no_run_from_going_on(airflow: Platform) -> None:
    """All of them are in one request to Airflow."""
    consumer = a_consumer()
    claim = a_wait_entry(consumer)
    (reader,) = claim.consumed["shipping"]["dim"]
    named = (f"{reader.sensor_task_id}{number}" for number in range(20_000))
    readers = tuple(msgspec.structs.replace(reader, sensor_task_id=name) for name in named)
    airflow.publish("evil", msgspec.structs.replace(claim, consumed={"shipping": {"dim": readers}}))
    failed_for_want_of_data(airflow, consumer)
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    assert airflow.state("playground_daily") == "success"


def test_airflow_calls_our_sensor_as_resuming_does() -> None:
    assert AssetSensor.__name__ == SENSOR_OPERATOR


def test_half_resumed_runs_are_repaired(airflow: Platform, api_url: str) -> None:
    failed_for_want_of_data(airflow, a_consumer())
    (run,) = airflow.runs("playground_daily")
    airflow.set_state("playground_daily", WAIT, run, "success")  # as if the scheduler had reset the rest
    assert [key.run_id for key in swept(airflow, api_url).outcome.repaired] == [run]
    airflow.work()
    assert airflow.state("playground_daily") == "success"
    assert swept(airflow, api_url).outcome.repaired == ()


def test_a_run_that_ended_while_its_tasks_were_cleared_resumes(airflow: Platform, api_url: str) -> None:
    failed_for_want_of_data(airflow, a_consumer())
    (run,) = airflow.runs("playground_daily")
    airflow.set_state("playground_daily", WAIT, run, "success")
    for task in ("marts.mine", "marts.below"):
        airflow.set_state("playground_daily", task, run, None)
    assert [key.run_id for key in swept(airflow, api_url).outcome.repaired] == [run]
    airflow.work()
    assert airflow.state("playground_daily") == "success"


def test_a_late_producer_is_a_miss_until_it_is_there(airflow: Platform, api_url: str) -> None:
    airflow.deploy(a_producer())
    airflow.publish("shipping", an_entry("dim", "daily", slo_seconds=60))
    run = airflow.run("shipping_daily", "2025-03-01T00:10")
    with AirflowApi(api_url) as api:
        entries = open_store(airflow.registry.as_uri()).read_all().entries
        at = moment("2025-03-02T00:12")
        (miss,) = find_slo_misses(api, entries, at, timedelta(days=1))
        assert (miss.name, miss.due) == (f"shipping_daily/{run}/shipping.dim", moment("2025-03-02T00:11"))
        assert not find_slo_misses(api, entries, moment("2025-03-02T00:10"), timedelta(days=1))
        airflow.work()
        assert not find_slo_misses(api, entries, at, timedelta(days=1))


def test_each_late_asset_of_one_task_is_a_miss(airflow: Platform, api_url: str) -> None:
    airflow.deploy(a_producer())
    soon, later = (
        an_entry(name, "daily", task_id="dim", slo_seconds=slo) for name, slo in (("dim", 60), ("log", 90))
    )
    airflow.publish("shipping", msgspec.structs.replace(soon, produced=soon.produced | later.produced))
    airflow.run("shipping_daily", "2025-03-01T00:10")
    entries = open_store(airflow.registry.as_uri()).read_all().entries

    def missed(at: str) -> list[str]:
        with AirflowApi(api_url) as api:
            return [str(miss.key) for miss in find_slo_misses(api, entries, moment(at), timedelta(days=1))]

    assert missed("2025-03-02T00:11:10") == ["shipping.dim"]
    assert missed("2025-03-02T00:12") == ["shipping.dim", "shipping.log"]
    airflow.work()
    assert missed("2025-03-02T00:12") == []


def test_another_teams_slo_neither_extends_a_listing_nor_affects_others(
    airflow: Platform, api_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    airflow.deploy(a_producer())
    airflow.publish("shipping", an_entry("dim", "daily", slo_seconds=60))
    airflow.publish("evil", an_entry("dim", "daily", slo_seconds=10**10))  # claims shipping's DAG
    airflow.run("shipping_daily", "2025-03-01T00:10")
    entries = open_store(airflow.registry.as_uri()).read_all().entries
    assert {entry.dag_prefix for entry in entries.values()} == {"shipping"}
    since = []
    listing = AirflowApi.runs
    monkeypatch.setattr(
        AirflowApi, "runs", lambda api, which: since.append(which.since) or listing(api, which)
    )
    with AirflowApi(api_url) as api:
        at = moment("2025-03-02T00:12")
        assert [str(miss.key) for miss in find_slo_misses(api, entries, at, timedelta(days=1))] == [
            "shipping.dim"
        ]
        evil = {"evil": an_entry("dim", "daily", slo_seconds=60)}
        assert find_slo_misses(api, evil, at, timedelta(days=1)) == []
    assert since == [at - timedelta(days=1, seconds=60)]


@pytest.mark.parametrize(
    "hurt", ["no connection", "nobody answers", "no token source", "no registry", "not an entry"]
)
def test_a_failing_callback_logs_what_to_do_and_has_no_effect(
    hurt: str, airflow: Platform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    consumer = a_consumer()
    airflow.deploy(a_producer(), consumer)
    publish(airflow, "daily", consumer)
    if hurt == "no connection":
        monkeypatch.delenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW")
    elif hurt == "nobody answers":
        monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", NOBODY)
    elif hurt == "no token source":
        monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", f"{NOBODY}?token=mwaa")
    elif hurt == "not an entry":
        (airflow.registry / "playground.json").write_text("{")
    else:
        (airflow.registry / "shipping.json").unlink()
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.schedule()
    assert airflow.state("shipping_daily") == "success"
    said = "\n".join(record.getMessage() for record in caplog.records if "dbt_scheduler" in record.name)
    assert {
        "no connection": 'Airflow connection "dbt_scheduler_airflow" not found: create one of type HTTP',
        "nobody answers": f"Airflow at {NOBODY} cannot be reached",
        "no token source": 'Unknown token source "mwaa" in the extra field of the connection to Airflow; available token sources: bearer, google',
        "no registry": "has no entry for shipping: publish it",
        "not an entry": "cannot be read: it is truncated",
    }[hurt] in said


def test_the_sweep_does_not_forget_backfills(airflow: Platform, api_url: str) -> None:
    """A backfilled run was due at the end of its old interval, which is long ago."""
    consumer = a_consumer()
    airflow.deploy(a_producer(fails=True), consumer)
    publish(airflow, "daily", consumer)
    run = airflow.run("playground_daily", "2025-03-01T00:10", backfill=True)
    airflow.work()
    airflow.let_time_pass()
    airflow.work()
    assert airflow.state("playground_daily") == "failed"
    producer = airflow.run("shipping_daily", "2025-03-01T00:10", backfill=True)
    airflow.work()
    airflow.set_state("shipping_daily", "marts.dim", producer, "success")
    assert [each.run_id for each in swept(airflow, api_url).outcome.satisfied] == [run]
    airflow.work()
    assert airflow.state("playground_daily") == "success"


def test_the_sweep_is_a_dag(
    airflow: Platform, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    airflow.deploy_sweep(a_producer())
    failed_for_want_of_data(airflow, a_consumer(), fails=True)
    producer = airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    airflow.set_state("shipping_daily", "marts.dim", producer, "success")
    airflow.run_without_date(RESUME_DAG, "2025-03-03T00:00")
    airflow.work()
    assert airflow.state(RESUME_DAG) == "success"
    assert airflow.state("playground_daily") == "success"
    assert "dependency arrived" in caplog.text


def test_a_sweep_fails_where_the_registry_has_been_deleted(
    airflow: Platform, capfd: pytest.CaptureFixture[str]
) -> None:
    airflow.deploy_sweep(a_producer())
    airflow.deploy(a_producer())
    airflow.registry.rmdir()
    airflow.run_without_date(RESUME_DAG, "2025-03-03T00:00")
    airflow.work()
    assert airflow.state(RESUME_DAG) == "failed"
    said = f"the registry {airflow.registry.as_uri()} does not exist: publish to it, or correct registry.url"
    assert said in "".join(capfd.readouterr())


def _no_time(_: AirflowApi, notes: dict) -> Outcome:
    return Outcome(left=tuple(notes))


def _budget_used_up(api: AirflowApi, notes: dict) -> Outcome:
    """As if the API were so busy that the last request used up the rest of the time."""
    api._http._deadline = 0
    return Outcome(left=tuple(notes), problem="Airflow did not respond within the time limit.")


def _listing_fails(*_: object) -> Outcome:
    raise AirflowApiError("Airflow did not respond within the time limit.")


@pytest.mark.parametrize("left", [_no_time, _budget_used_up, _listing_fails])
def test_what_a_callback_leaves_is_done_by_a_sweep_at_once(
    left: Callable[..., Outcome], airflow: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    airflow.deploy_sweep(a_producer())
    failed_for_want_of_data(airflow, a_consumer())
    monkeypatch.setattr("dbt_scheduler.resume.satisfy.satisfy", left)  # the sweep imports it by name
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    (asked_for,) = airflow.runs(RESUME_DAG)
    assert asked_for.startswith("callback__")
    airflow.work()  # a run that was created in this second is due in the next one
    assert airflow.state("playground_daily") == "success"


@pytest.mark.parametrize(("state", "asked"), [("queued", 1), ("running", 2), ("success", 2)])
def test_a_second_sweep_is_triggered_if_a_running_one_may_be_too_early(state: str, asked: int) -> None:
    made: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.path == "/auth/token":
            return None
        run = {
            "dag_id": RESUME_DAG,
            "dag_run_id": "x",
            "state": state,
            "run_type": "manual",
            "run_after": DUE,
        }
        if request.method == "POST":
            made.append(json.loads(request.content)["dag_run_id"])
            return httpx.Response(409 if len(made) == 1 else 200, json=run)
        return httpx.Response(200, json=run)

    with FakeAirflow({}, before=answer).api() as api:
        callback._sweep_soon(api, RESUME_DAG)
    assert len(made) == len(set(made)) == asked


def test_a_callback_reports_that_airflow_rejects_the_sweep(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.path == "/auth/token":
            return None
        if request.method == "POST":
            return httpx.Response(400, json={"detail": "Dag has import errors"})
        return httpx.Response(404, json={})

    with FakeAirflow({}, before=answer).api() as api:
        callback._sweep_soon(api, RESUME_DAG)
    assert f"Airflow rejected a run of {RESUME_DAG}: Dag has import errors" in caplog.text


def test_a_sweep_that_airflow_refuses_fails_with_what_to_do(
    airflow: Platform, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    airflow.deploy_sweep(a_producer())
    airflow.deploy(a_producer())
    publish(airflow, "daily")
    result = SweepResult(Outcome(problem="returned 403: the connection's user needs permission"))
    with monkeypatch.context() as during:
        during.setattr("dbt_scheduler.resume.sweep.sweep", lambda *_: result)
        airflow.run_without_date(RESUME_DAG, "2025-03-03T00:00")
        airflow.work()
    assert airflow.state(RESUME_DAG) == "failed"
    assert "the connection's user needs permission" in "".join(capfd.readouterr())
    monkeypatch.setattr("dbt_scheduler.cli.resume.sweep", lambda *_: result)
    said = CliRunner().invoke(main, ["resume", "--registry", airflow.registry.as_uri()])
    assert said.exit_code == 2
    assert "the connection's user needs permission" in said.stderr


def test_the_sweep_is_a_command(airflow: Platform, api_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failed_for_want_of_data(airflow, a_consumer(), fails=True)
    producer = airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    airflow.set_state("shipping_daily", "marts.dim", producer, "success")
    (run,) = airflow.runs("playground_daily")
    command = ["resume", "--registry", airflow.registry.as_uri()]
    said = CliRunner().invoke(main, command)  # the connection's variable has Airflow's URL
    assert (said.exit_code, said.stdout.splitlines()) == (
        0,
        [
            f"playground_daily {run} {WAIT} satisfied",
            "1 sensor waiting, 1 satisfied, 0 runs resumed",
        ],
    )
    airflow.work()
    assert airflow.state("playground_daily") == "success"
    monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", NOBODY)
    refused = CliRunner().invoke(main, command)
    assert refused.exit_code == 2
    assert f"Airflow at {NOBODY} cannot be reached" in refused.stderr


def test_sensors_of_several_dags_are_marked_in_one_request_and_one_that_is_gone_does_not_stop_the_others(
    airflow: Platform, api_url: str
) -> None:
    consumers = [a_consumer(team=team) for team in ("playground", "transactions")]
    airflow.deploy(a_producer(), *consumers)
    for each in consumers:
        airflow.run(each.dag_id, "2025-03-01T00:10")
    airflow.schedule()
    with AirflowApi(api_url) as api:
        where = RunFilter(dag_ids=[each.dag_id for each in consumers], task_ids=[WAIT])
        sensors = api.task_instances(where)
        gone = msgspec.structs.replace(sensors[0], run_id="gone")
        marked = api.mark_success_together([(each, "Satisfied by p r") for each in (gone, *sensors)])
    if not airflow_has("marking task instances of several runs in one request"):
        assert marked is None
        return
    assert marked == {each.id_ for each in sensors}
    assert len(marked) == 2
    assert {airflow.state(each.dag_id, WAIT) for each in consumers} == {"success"}


def test_the_sensors_of_a_run_are_marked_as_a_group_once_all_their_data_is_there(
    airflow: Platform, api_url: str
) -> None:
    """Downstream tasks run; those of a sensor that still waits do not."""
    waits = [a_wait(name) for name in ("dim", "fct", "late")]
    models = [a_task(f"marts.m_{number}", upstream=(wait.task_id,)) for number, wait in enumerate(waits)]
    airflow.deploy(a_spec(*models, sensors=tuple(waits)))
    dag_id = "playground_daily"
    first, second = (airflow.run(dag_id, f"2025-03-0{day}T00:10") for day in (1, 2))
    for run_id in (first, second):
        for wait in waits:
            airflow.set_state(dag_id, wait.task_id, run_id, "failed")
    airflow.work()
    asked: list[str] = []
    with AirflowApi(api_url) as api:
        mark_group = api.mark_group_success
        api.mark_group_success = lambda run, *rest: asked.append(run.run_id) or mark_group(run, *rest)
        sensors = api.task_instances(RunFilter(dag_ids=[dag_id], task_ids=[wait.task_id for wait in waits]))
        late = next(each for each in sensors if each.run_id == first and each.task_id.endswith("late"))
        arrived = [each for each in sensors if each is not late]
        outcome = satisfy(api, {each: f"Satisfied by {each.task_id}" for each in arrived})
        notes = [api.task_instance(*each.id_).note for each in sensors if each.run_id == second]
    assert (set(outcome.satisfied), asked) == (set(arrived), [second])
    said = [f"Satisfied by {wait.task_id}" for wait in waits]
    together = [said] * 3 if airflow_has("task groups in the API") else [[each] for each in said]
    assert sorted(note.splitlines() for note in notes) == sorted(together)
    airflow.work()
    assert {run_id: airflow.state(dag_id, models[0].task_id, run_id) for run_id in (first, second)} == {
        first: "success",
        second: "success",
    }
    assert airflow.state(dag_id, late.task_id, first) == "failed"
    assert airflow.state(dag_id, models[2].task_id, first) == "upstream_failed"
    assert airflow.state(dag_id, models[2].task_id, second) == "success"

"""A registry in Google Cloud Storage, used by tasks: like a folder, also if it is unavailable."""

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.registry.stores import gs
from dbt_scheduler.spec import RESUME_DAG, DagSpec
from fake_gcs import FakeGcs
from harness import Platform

WAIT = "wait_for__hard_dependencies.dim"
URL = "gs://bucket/registry"


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeGcs]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with FakeGcs("bucket").serving() as fake:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.url)
        yield fake


def put(gcs: FakeGcs, team: str, entry: Entry) -> None:
    gcs.put("bucket", f"registry/{team}.json", msgspec.json.encode({team: entry}))


def a_producer(task_id: str = "marts.dim") -> DagSpec:
    task = a_task(task_id, assets=("shipping.dim",), signals=True)
    return a_spec(task, team="shipping", registry_url=URL)


def a_consumer() -> DagSpec:
    sensor = a_wait("dim", pipeline="daily")
    return a_spec(a_task("marts.mine", upstream=(sensor.task_id,)), sensors=(sensor,), registry_url=URL)


def given_up(airflow: Platform, gcs: FakeGcs) -> None:
    """Deploy a consumer whose sensor has timed out."""
    airflow.deploy(a_producer(), a_consumer())
    put(gcs, "shipping", an_entry("dim", "daily"))
    put(gcs, "playground", a_wait_entry(a_consumer()))
    airflow.run("playground_daily", "2025-03-01T00:10")
    airflow.work()
    airflow.let_time_pass()
    airflow.work()
    assert airflow.state("playground_daily") == "failed"


def test_a_sensor_follows_a_producer_that_moved(airflow: Platform, gcs: FakeGcs) -> None:
    airflow.deploy(a_producer("core.dim_new"), a_consumer())
    put(gcs, "shipping", an_entry("dim", "daily", group="core", task_id="dim_new"))
    airflow.run("playground_daily", "2025-03-01T00:10")
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    assert airflow.state("playground_daily") == "success"


def test_a_run_that_timed_out_resumes_when_the_data_arrives(airflow: Platform, gcs: FakeGcs) -> None:
    given_up(airflow, gcs)
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    assert airflow.state("playground_daily") == "success"


def test_the_sweep(airflow: Platform, gcs: FakeGcs) -> None:
    """It resumes the run that the callback could not, because the registry was unavailable, and fails while it still is."""
    airflow.deploy_sweep(a_producer())
    given_up(airflow, gcs)
    gcs.before = lambda *_: (403, b"{}")
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    assert airflow.state("shipping_daily") == "success"
    assert airflow.state("playground_daily") == "failed"
    airflow.run_without_date(RESUME_DAG, "2025-03-03T00:00")
    airflow.work()
    assert airflow.state(RESUME_DAG) == "failed"
    gcs.before = lambda *_: None
    airflow.run_without_date(RESUME_DAG, "2025-03-03T00:05")
    airflow.work()
    assert airflow.state("playground_daily") == "success"


@pytest.mark.parametrize("away", ["refuses", "fails", "nobody"])
def test_a_registry_that_is_away_costs_no_task(
    airflow: Platform,
    gcs: FakeGcs,
    away: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A sensor waits for the producer known at compile time; a producer's task has already succeeded."""
    monkeypatch.setattr(gs, "_READ_RETRIES", 0.1)
    airflow.deploy(a_producer(), a_consumer())
    if away == "nobody":
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    gcs.before = lambda *_: (
        {"refuses": 403, "fails": 503}.get(away, 200),
        b'{"error": {"message": "a SECRET"}}',
    )
    airflow.run("playground_daily", "2025-03-01T00:10")
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    assert airflow.state("playground_daily") == "success"
    assert airflow.state("shipping_daily") == "success"
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert "Waiting runs were not resumed: " in said
    assert f"The registry {URL} cannot be read: using the producer in the compiled spec." in said
    assert "SECRET" not in said


def test_an_unresponsive_registry_does_not_use_up_a_callbacks_time(
    airflow: Platform, gcs: FakeGcs, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even with long timeouts in the store, it ends while the requests are still waiting."""
    monkeypatch.setattr(gs, "_READ", {"timeout": 600})
    airflow.deploy(a_producer())
    held, done, ended = threading.Event(), threading.Event(), []

    def hold(*_: str) -> None:
        held.set()
        done.wait(300)
        ended.append("a request")

    gcs.before = hold
    airflow.run("shipping_daily", "2025-03-01T00:10")
    airflow.work()
    before = [*ended]
    done.set()
    assert held.is_set()
    assert before == []
    assert airflow.state("shipping_daily") == "success"
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert "Waiting runs were not resumed: no response within 10 seconds" in said

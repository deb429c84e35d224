"""Several environments on one Airflow: each has its own DAGs, registry and sweep."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.compiler.writing import resume_stub
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.registry.stores import open_store
from dbt_scheduler.resume.sweep import sweep
from dbt_scheduler.spec import RESUME_DAG, DagSpec
from harness import Platform

WAIT = "wait_for__hard_dependencies.dim"
DAY = "2025-03-01T00:10"


def a_producer() -> DagSpec:
    return a_spec(a_task("marts.dim", assets=("shipping.dim",), signals=True), team="shipping")


def a_consumer() -> DagSpec:
    return a_spec(a_task("marts.mine", upstream=(WAIT,)), sensors=(a_wait("dim"),))


def in_environment(name: str, spec: DagSpec, registry: Path) -> DagSpec:
    """A spec as compiled with an environment's platform file."""
    sensors = tuple(
        replace(each, producer=replace(each.producer, dag_id=f"{name}_{each.producer.dag_id}"))
        for each in spec.sensors
    )
    ids = {"dag_id": f"{name}_{spec.dag_id}", "resume_dag": f"{name}_{RESUME_DAG}"}
    return replace(spec, **ids, registry_url=registry.as_uri(), sensors=sensors)


def with_prefix(name: str, entry: Entry) -> Entry:
    produced = {
        asset: replace(made, dag_prefix=f"{name}_{made.dag_prefix}") for asset, made in entry.produced.items()
    }
    return replace(entry, dag_prefix=f"{name}_{entry.dag_prefix}", produced=produced)


@pytest.fixture
def staging(airflow: Platform, tmp_path: Path) -> Path:
    """The registry of staging; production's is next to the DAGs. All four DAGs are deployed."""
    registry = tmp_path / "staging"
    registry.mkdir()
    specs = (a_producer(), a_consumer())
    airflow.deploy(*specs, *(in_environment("staging", each, registry) for each in specs))
    for team, entry in {
        "shipping": an_entry("dim", "daily"),
        "playground": a_wait_entry(a_consumer()),
    }.items():
        airflow.publish(team, entry)
        content: Any = {team: with_prefix("staging", entry)}
        (registry / f"{team}.json").write_bytes(msgspec.json.encode(content))
    return registry


@pytest.mark.usefixtures("staging")
def test_an_environment_resumes_its_own_runs_only(airflow: Platform) -> None:
    for consumer in ("playground_daily", "staging_playground_daily"):
        airflow.run(consumer, DAY)
    airflow.schedule()
    airflow.run("staging_shipping_daily", DAY)
    for _ in range(2):
        airflow.schedule()
    assert airflow.state("staging_playground_daily") == "success"
    assert airflow.state("playground_daily", WAIT) == "deferred"


def test_the_sweep_of_an_environment_leaves_the_others_alone(
    airflow: Platform, staging: Path, api_url: str
) -> None:
    for consumer in ("playground_daily", "staging_playground_daily"):
        airflow.run(consumer, DAY)
    airflow.schedule()
    for producer in ("shipping_daily", "staging_shipping_daily"):
        run = airflow.run(producer, DAY)
        airflow.set_state(producer, "marts.dim", run, "success")
    with AirflowApi(api_url) as api:
        swept = sweep(api, open_store(staging.as_uri()).read_all().entries)
    assert [each.id_[::2] for each in swept.outcome.satisfied] == [("staging_playground_daily", WAIT)]
    assert airflow.state("playground_daily", WAIT) == "deferred"


def test_a_pull_requests_dags_wait_for_productions_producers(airflow: Platform, tmp_path: Path) -> None:
    """They read production's registry, but are not in it: the entry of their team there is about other DAGs."""
    mine = a_task("marts.mine", assets=("playground.mine",), signals=True)
    own = a_wait("mine", team="playground", dependency="soft")
    own = replace(own, producer=replace(own.producer, dag_id="pr_7_playground_daily"))
    weekly = a_spec(
        a_task("marts.late", upstream=(own.task_id, WAIT)), sensors=(own, a_wait("dim")), pipeline="daily"
    )
    pull_request = replace(weekly, dag_id="pr_7_playground_hourly", pipeline="hourly")
    daily = replace(a_spec(mine), dag_id="pr_7_playground_daily")
    airflow.deploy(a_producer(), a_spec(mine), pull_request, daily)
    airflow.publish("shipping", an_entry("dim", "daily"))
    airflow.publish("playground", an_entry("mine", "daily", team="playground"))
    airflow.run("shipping_daily", DAY)
    airflow.run("pr_7_playground_daily", DAY)
    airflow.run("pr_7_playground_hourly", DAY)
    airflow.work()
    assert airflow.state("pr_7_playground_hourly") == "success"


def test_a_pull_requests_producer_ends_no_wait_for_productions(airflow: Platform) -> None:
    pull_request = replace(a_producer(), dag_id="pr_7_shipping_daily")
    airflow.deploy(a_producer(), a_consumer(), pull_request)
    airflow.publish("shipping", an_entry("dim", "daily"))
    airflow.publish("playground", a_wait_entry(a_consumer()))
    airflow.run("playground_daily", DAY)
    airflow.schedule()
    assert airflow.state("playground_daily", WAIT) == "deferred"
    airflow.run("pr_7_shipping_daily", DAY)
    airflow.work()
    assert airflow.state("pr_7_shipping_daily") == "success"
    assert airflow.state("playground_daily", WAIT) == "deferred"


def test_the_sweep_of_a_pull_request_leaves_productions_runs_to_productions(airflow: Platform) -> None:
    """Otherwise each missed SLO would be reported twice."""
    sweep_id = f"pr_7_{RESUME_DAG}"
    airflow.write_by_hand(sweep_id, resume_stub(a_producer()))
    airflow.deploy(a_producer(), a_consumer())
    airflow.publish("shipping", an_entry("dim", "daily"))
    airflow.publish("playground", a_wait_entry(a_consumer()))
    airflow.run("playground_daily", DAY)
    airflow.schedule()
    airflow.set_state("shipping_daily", "marts.dim", airflow.run("shipping_daily", DAY), "success")
    airflow.run_without_date(sweep_id, "2025-03-03T00:00")
    for _ in range(2):
        airflow.schedule()
    assert airflow.state(sweep_id) == "success"
    assert airflow.state("playground_daily", WAIT) == "deferred"

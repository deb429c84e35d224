"""DAGs without available specs: what is known from the registry, and from Airflow's API."""

from typing import Any

import httpx
import pytest

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.explain.published import PublishedDags
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.waits.wait import NoProducer, Wait

SENSOR = "wait_for__hard_dependencies.dim"


@pytest.fixture
def entries() -> dict[str, Entry]:
    consumer = a_spec(a_task("marts.mine", upstream=(SENSOR,)), sensors=(a_wait("dim"),))
    return {"shipping": an_entry("dim", "daily", "hourly"), "playground": a_wait_entry(consumer)}


def an_airflow(*tasks: dict[str, Any]) -> AirflowApi:
    """An Airflow with DAGs with these tasks."""
    reply = {"tasks": list(tasks), "total_entries": len(tasks), "access_token": "token"}
    return AirflowApi(
        "http://airflow.test", transport=httpx.MockTransport(lambda _: httpx.Response(200, json=reply))
    )


def a_dag_task(task_id: str, *below: str, rule: str = "none_failed") -> dict[str, Any]:
    return {"task_id": task_id, "downstream_task_ids": below, "trigger_rule": rule}


def test_a_teardown_is_not_taken_for_the_end_of_a_run(entries: dict[str, Entry]) -> None:
    api = an_airflow(
        a_dag_task(SENSOR, "marts.mine"),
        a_dag_task("marts.mine", "clean_up"),
        a_dag_task("clean_up", rule="all_done_setup_success"),
    )
    known = PublishedDags(entries, entries, api).find("playground_daily")
    assert known is not None
    assert known.teardowns == {"clean_up"}
    assert known.ends() == ["marts.mine"]


def test_a_task_that_nothing_runs_before_or_after_is_an_end(entries: dict[str, Entry]) -> None:
    known = PublishedDags(entries, entries, an_airflow(a_dag_task("marts.dim"))).find("shipping_daily")
    assert known is not None
    assert known.ends() == ["marts.dim"]
    assert known.ancestors("marts.dim") == {"marts.dim"}


def test_a_wait_is_for_the_same_dag_whoever_asks(entries: dict[str, Entry]) -> None:
    api = an_airflow(a_dag_task(SENSOR, "marts.mine"), a_dag_task("marts.mine"))

    def wait(shown: dict[str, Entry]) -> Wait | NoProducer:
        dags = PublishedDags(shown, entries, api)
        known = dags.find("playground_daily")
        assert known is not None
        return dags.wait(known.sensors[SENSOR], known)

    found = wait(entries)
    assert isinstance(found, Wait)
    assert found.producer.dag_id == "shipping_daily"
    hourly = an_entry("dim", "hourly")
    hidden = wait({"shipping": hourly, "playground": entries["playground"]})
    assert hidden == NoProducer(
        "waits for shipping.dim, which is produced by a DAG that you do not have permission to view in Airflow",
        hidden=True,
    )

"""Why a task did not run, asked of a real Airflow."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from builders import a_spec, a_task, a_wait, an_entry
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.explain.chain import Explainer
from dbt_scheduler.explain.text import render
from dbt_scheduler.output import DeployedDags
from harness import Platform, airflows_own_warnings

URL = "http://airflow.example"


@pytest.fixture
def rest(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[AirflowApi]:
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True")
    with airflows_own_warnings():  # they warn of each other when they are imported
        from airflow.api_fastapi.app import create_app  # noqa: PLC0415
        from fastapi.testclient import TestClient  # noqa: PLC0415
    with (
        airflows_own_warnings(),
        TestClient(create_app(apps="core"), base_url=URL) as client,
        AirflowApi(URL, budget_seconds=60, transport=client._transport) as api,
    ):
        yield api


def test_a_failure_two_dags_up_the_chain(platform: Platform, rest: AirflowApi) -> None:
    orders = a_wait("fct_orders", team="transactions", task_id="facts.fct_orders")
    shipments = a_wait("fct_shipments")
    platform.deploy(
        a_spec(a_task("facts.fct_orders", fails=True), team="transactions"),
        a_spec(a_task("marts.fct_shipments", upstream=(orders.task_id,)), team="shipping", sensors=(orders,)),
        a_spec(
            a_task("marts.b", upstream=(shipments.task_id,)),
            a_task("marts.c", upstream=("marts.b",)),
            sensors=(shipments,),
        ),
    )
    platform.publish("transactions", an_entry("fct_orders", "daily", team="transactions", group="facts"))
    platform.publish("shipping", an_entry("fct_shipments", "daily"))
    for dag_id in ("transactions_daily", "shipping_daily", "playground_daily"):
        platform.run(dag_id, "2025-06-05T00:10")
    platform.work()

    deployed = DeployedDags(platform.dags.parent)
    explainer = Explainer(deployed, rest, datetime.now(UTC))
    with airflows_own_warnings():
        step = explainer.explain(deployed.spec("playground_daily"), "marts.c", None)
    said = [line for line in render(step).splitlines() if "http" not in line]
    assert said[1].endswith("marts.c of 2025-06-05 00:10 (playground) has not run: it waits for")
    assert "fct_shipments (for marts.b) waits for shipping.fct_shipments since" in said[2]
    assert said[3].endswith(
        "fct_shipments of 2025-06-05 00:10 (shipping, #shipping) has not run: it waits for"
    )
    assert "fct_orders waits for transactions.fct_orders since" in said[4]
    assert (
        "transactions_daily facts.fct_orders of 2025-06-05 00:10 (transactions, #transactions) failed at"
        in said[5]
    )
    assert said[-1].startswith("root cause: transactions_daily facts.fct_orders of 2025-06-05 00:10")
    assert not deployed.warnings

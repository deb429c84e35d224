"""`explain` with a real Airflow."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from airflow.models.backfill import Backfill
from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from sqlalchemy import update

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.explain.chain import Explainer
from dbt_scheduler.explain.compiled import CompiledDags, known
from dbt_scheduler.explain.text import render
from dbt_scheduler.output import DeployedDags
from dbt_scheduler.site.dags import registered_dags
from dbt_scheduler.site.documents import History
from dbt_scheduler.site.fetching import fetch_runs
from dbt_scheduler.site.history import make_history
from harness import Platform, airflows_own_warnings


@pytest.fixture
def rest(platform: Platform, api_url: str) -> Iterator[AirflowApi]:
    assert platform
    with AirflowApi(api_url, budget_seconds=600) as api:
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
    explainer = Explainer(CompiledDags(deployed), rest, datetime.now(UTC))
    with airflows_own_warnings():
        step = explainer.explain(known(deployed.spec("playground_daily")), "marts.c", None)
    said = [line for line in render(step).splitlines() if "http" not in line]
    assert said[0].endswith(
        "marts.c of 2025-06-05 00:10 UTC (playground) has not run: waiting for upstream tasks"
    )
    assert "fct_shipments (for marts.b) has been waiting for shipping.fct_shipments since" in said[1]
    assert said[2].endswith(
        "fct_shipments of 2025-06-05 00:10 UTC (shipping, #shipping) has not run: waiting for upstream tasks"
    )
    assert "fct_orders has been waiting for transactions.fct_orders since" in said[3]
    assert (
        "transactions_daily facts.fct_orders of 2025-06-05 00:10 UTC (transactions, #transactions) failed at"
        in said[4]
    )
    assert said[-1].startswith("root cause: transactions_daily facts.fct_orders of 2025-06-05 00:10 UTC")
    assert not deployed.warnings


def test_the_history_of_a_landing_and_of_a_wait(platform: Platform, rest: AirflowApi) -> None:
    shipments = a_wait("fct_shipments")
    consumer = a_spec(a_task("marts.b", upstream=(shipments.task_id,)), sensors=(shipments,))
    platform.deploy(a_spec(a_task("marts.fct_shipments"), team="shipping"), consumer)
    entries = {
        "playground": a_wait_entry(consumer),
        "shipping": an_entry("fct_shipments", "daily", slo_seconds=60),
    }
    for team, entry in entries.items():
        platform.publish(team, entry)
    due = datetime(2025, 6, 6, 0, 10, tzinfo=UTC)

    def history() -> History:
        since = datetime(2025, 6, 1, tzinfo=UTC)
        with airflows_own_warnings():
            found = fetch_runs(rest, registered_dags(entries), since, datetime(2025, 6, 7, tzinfo=UTC))
        return make_history(found.dags, since, datetime.now(UTC))

    waiting = platform.run("playground_daily", "2025-06-05T00:10")
    platform.work()
    (wait,) = history().waits
    assert (wait.run_id, wait.producer_run_id, wait.state, wait.end) == (waiting, None, "deferred", None)
    assert wait.start
    assert wait.until == wait.start + timedelta(seconds=60)

    made = platform.run("shipping_daily", "2025-06-05T00:10")
    platform.work()
    found = history()
    assert [(run.dag_id, run.run_id, run.state, run.due) for run in found.runs] == [
        ("playground_daily", waiting, "success", due),
        ("shipping_daily", made, "success", due),
    ]
    assert all(run.start and run.end and run.start < run.end <= found.until for run in found.runs)
    (landing,) = found.landings
    assert (landing.run_id, landing.due, landing.met) == (made, due + timedelta(seconds=60), False)
    assert landing.landed
    assert landing.landed <= found.until


def test_a_queued_backfill_and_a_stale_dag_with_import_errors(platform: Platform, rest: AirflowApi) -> None:
    platform.deploy(a_spec(a_task("marts.a")))
    platform.run("playground_daily", "2025-06-05T00:10", backfill=True)
    deployed = DeployedDags(platform.dags.parent)

    def said() -> str:
        explainer = Explainer(CompiledDags(deployed), rest, datetime.now(UTC))
        with airflows_own_warnings():
            return explainer.explain(known(deployed.spec("playground_daily")), "marts.a", None).text

    assert said() == "has not run: its run is queued (limited by max_active_runs of the backfill)"
    day = datetime(2025, 6, 5, tzinfo=UTC)
    with create_session() as session:
        session.add(Backfill(dag_id="playground_daily", from_date=day, to_date=day, max_active_runs=3))
    assert said() == "has not run: its run is queued (max_active_runs of the backfill: 3)"
    with create_session() as session:
        session.execute(update(DagModel).values(is_stale=True))
    assert said() == "has not run: its DAG is stale (no longer found in its DAG file)"
    with create_session() as session:
        session.execute(update(DagModel).values(has_import_errors=True))
    assert said() == "has not run: its DAG has import errors"

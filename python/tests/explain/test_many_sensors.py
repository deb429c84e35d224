"""A hundred sensors of one run time out at the same time: each alert, and each page, makes only a few requests."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from airflow_server import SENSOR, FakeAirflow
from builders import SCHEDULES, a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.explain.chain import Explainer
from dbt_scheduler.explain.compiled import known
from dbt_scheduler.explain.dags import KnownDag, KnownSensor
from dbt_scheduler.explain.steps import Step, roots
from dbt_scheduler.explain.waiting import Waits
from dbt_scheduler.registry.entry import AssetKey
from dbt_scheduler.registry.producer import producer_of
from dbt_scheduler.spec import SENSOR_OPERATOR
from dbt_scheduler.waits.wait import Wait

DAY = "2025-06-05T00:10"
MANY = 100
ASSETS = [f"fct{number}" for number in range(MANY)]
GAVE_UP = {"state": "failed", "start_date": "2025-06-06T00:10:30Z", "end_date": "2025-06-06T01:10:31Z"}


class Known:
    """A consumer with a hundred sensors, each for another DAG."""

    def __init__(self) -> None:
        sensors = tuple(a_wait(asset, dag_id=f"{asset}_daily") for asset in ASSETS)
        task = a_task("marts.b", upstream=tuple(each.task_id for each in sensors))
        producers = [a_spec(a_task(f"marts.{asset}"), team=asset) for asset in ASSETS]
        self.consumer = known(a_spec(task, sensors=sensors))
        self.dags = {each.dag_id: known(each) for each in producers} | {"playground_daily": self.consumer}

    def find(self, dag_id: str) -> KnownDag | None:
        return self.dags.get(dag_id)

    def wait(self, sensor: KnownSensor, dag: KnownDag) -> Wait:
        entry = an_entry(sensor.asset, "daily", team=sensor.asset)
        made = entry.produced[sensor.asset]
        producer = producer_of(entry, made, "daily", SCHEDULES["daily"], own=False)
        return Wait(
            dag.team, dag.dag_id, sensor.task_id, dag.schedule, AssetKey(sensor.asset, sensor.asset), producer
        )

    def channel(self, team: str, reader: KnownDag) -> str | None:
        return f"#{team}" if reader else None


@pytest.fixture
def airflow() -> Iterator[FakeAirflow]:
    fake = FakeAirflow()
    for asset in ASSETS:
        fake.run(f"{asset}_daily", DAY, "failed", **{f"marts.{asset}": "failed"})
    sensors = {f"wait_for__hard_dependencies.{asset}": GAVE_UP for asset in ASSETS}
    fake.run("playground_daily", DAY, "failed", **sensors, **{"marts.b": "upstream_failed"})
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


def explained(airflow: FakeAirflow, task_id: str | None) -> Step:
    dags = Known()
    with AirflowApi(airflow.url) as api:
        explainer = Explainer(dags, api, datetime(2025, 6, 6, 2, tzinfo=UTC))
        if task_id is None:
            return explainer.explain_run(dags.consumer, None)
        return explainer.explain(dags.consumer, task_id, None)


def test_what_each_of_a_hundred_alerts_asks_does_not_depend_on_the_others(airflow):
    step = explained(airflow, "wait_for__hard_dependencies.fct7")
    assert [(each.dag_id, each.state) for each in roots(step)] == [("fct7_daily", "failed")]
    assert len(airflow.asked) <= 10


@pytest.mark.parametrize("task_id", ["marts.b", None])
def test_the_first_of_a_hundred_causes_are_followed_and_the_rest_is_counted(airflow, task_id):
    step = explained(airflow, task_id)
    step = step if task_id else step.because[0]
    assert step.text == "did not run: an upstream task failed (90 more not shown)"
    assert len(list(roots(step))) == 10
    assert len(airflow.asked) <= 100


@pytest.mark.parametrize("many", [1, 20])
def test_how_many_teams_wait_for_a_run_does_not_change_how_many_questions_that_is(many):
    fake = FakeAirflow()
    entries = {"shipping": an_entry("fct", "daily", slo_seconds=3600)}
    sensor = {"state": "deferred", "operator": SENSOR_OPERATOR, "end_date": None}
    for number in range(many):
        team = f"team{number}"
        spec = a_spec(a_task("marts.b", upstream=(SENSOR,)), team=team, sensors=(a_wait("fct"),))
        entries[team] = a_wait_entry(spec)
        fake.run(f"{team}_daily", DAY, "running", fct_sensor=sensor)
    fake.run("shipping_daily", DAY, "running", marts__fct="running")
    producer = known(a_spec(a_task("marts.fct"), team="shipping"))
    try:
        with AirflowApi(fake.url) as api:
            (run,) = api.runs(RunFilter(dag_ids=("shipping_daily",)))
            fake.asked.clear()
            found = Waits(entries, api).around(producer, "marts.fct", run)
    finally:
        fake.server.shutdown()
        fake.server.server_close()
    assert [each.until is not None for each in found.waiting] == [True] * many
    assert len(fake.asked) <= 3

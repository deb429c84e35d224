"""Assets that hand-written DAGs make: which of their runs counts for a period, and what goes on when it is done."""

import pytest

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.explain.chain import Explainer
from dbt_scheduler.output import DeployedDags
from dbt_scheduler.registry.stores import open_store
from dbt_scheduler.resume.sweep import sweep
from dbt_scheduler.spec import DagSpec, Schedule
from harness import Platform, moment

DAG = "load_orders"
WAIT = "wait_for__hard_dependencies.orders"
AT_SIX = Schedule(cron="0 6 * * *", grain="day")
TIMETABLES = {
    "trigger": '"0 6 * * *"',  # what Airflow 3 makes of it: runs without any interval
    "interval": 'CronDataIntervalTimetable("0 6 * * *", timezone="UTC")',
}
BY_HAND = """
from datetime import datetime
from airflow.sdk import DAG, CronDataIntervalTimetable
from airflow.providers.standard.operators.python import PythonOperator

with DAG("load_orders", schedule={schedule}, start_date=datetime(2025, 1, 1), catchup=False):
    PythonOperator(task_id="load", python_callable=print)
"""


def deployed(airflow: Platform, timetable: str) -> DagSpec:
    """A hand-written daily DAG, and the daily DAG of a team that reads what it makes."""
    sensor = a_wait("orders", team="legacy", schedule=AT_SIX, dag_id=DAG, task_id="load")
    consumer = a_spec(a_task("marts.mine", upstream=(sensor.task_id,)), sensors=(sensor,))
    entry = an_entry(
        "orders", DAG, team="legacy", group=None, task_id="load", dag_id=DAG, schedules={DAG: AT_SIX}
    )
    airflow.publish("legacy", entry)
    airflow.publish(consumer.team, a_wait_entry(consumer))
    airflow.write_by_hand(DAG, BY_HAND.format(schedule=TIMETABLES[timetable]))
    airflow.deploy(consumer)
    return consumer


def swept(airflow: Platform, api_url: str) -> list[tuple[str, ...]]:
    """The sensors that a sweep satisfies."""
    with AirflowApi(api_url) as api:
        found = sweep(api, open_store(airflow.registry.as_uri()).read_all().entries)
    return [each.id_[::2] for each in found.outcome.satisfied]


def explained(airflow: Platform, api_url: str, consumer: DagSpec, now: str) -> str:
    """What `explain` says of the hand-written DAG's task."""
    with AirflowApi(api_url) as api:
        deployed = DeployedDags(airflow.dags.parent, airflow.registry.as_uri())
        step = Explainer(deployed, api, moment(now)).explain(consumer, WAIT, None)
    return step.because[0].text


@pytest.mark.parametrize("timetable", TIMETABLES)
def test_a_run_of_yesterday_is_not_taken_for_the_one_of_the_day(
    airflow: Platform, api_url: str, timetable: str
) -> None:
    consumer = deployed(airflow, timetable)
    airflow.run_by_hand(DAG, "2025-03-01T06:00")
    airflow.run("playground_daily", "2025-03-01T00:10")
    airflow.work()
    assert airflow.state("playground_daily", WAIT) == "deferred"
    assert swept(airflow, api_url) == []
    due = "has not run yet: its run is due at 2025-03-02 06:00"
    assert explained(airflow, api_url, consumer, "2025-03-02T05:00") == due
    airflow.run_by_hand(DAG, "2025-03-02T06:00")
    airflow.work()
    assert airflow.state("playground_daily") == "success"
    assert airflow.xcom("playground_daily", WAIT, "note") is None


@pytest.mark.parametrize("timetable", TIMETABLES)
def test_the_sweep_resumes_what_waited_for_a_hand_written_dag(
    airflow: Platform, api_url: str, timetable: str
) -> None:
    consumer = deployed(airflow, timetable)
    airflow.run("playground_daily", "2025-03-01T00:10")
    airflow.work()
    airflow.let_time_pass()
    airflow.run_by_hand(DAG, "2025-03-01T06:00")
    airflow.work()
    assert airflow.state("playground_daily", WAIT) == "failed"
    assert swept(airflow, api_url) == []
    airflow.run_by_hand(DAG, "2025-03-02T07:30", manual=True)
    airflow.work()
    assert explained(airflow, api_url, consumer, "2025-03-02T08:00").startswith("succeeded at ")
    assert swept(airflow, api_url) == [("playground_daily", WAIT)]
    airflow.work()
    assert airflow.state("playground_daily") == "success"

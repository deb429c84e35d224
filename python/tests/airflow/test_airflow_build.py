"""The DAG that is built from a spec, as parsed by Airflow."""

import json
from datetime import timedelta
from typing import Any

import pytest
from airflow.models.dag_version import DagVersion
from airflow.models.serialized_dag import SerializedDagModel
from airflow.utils.session import create_session
from sqlalchemy import select

from airflow_names import DagSerialization, ParamValidationError
from builders import a_spec, a_task, a_wait
from dbt_scheduler.airflow.compat import DOUBLING, CronDataIntervalTimetable
from dbt_scheduler.spec import DagSpec, Schedule
from harness import Platform

DAG = "playground_daily"


def dag_of(platform: Platform, spec: DagSpec) -> Any:
    """The DAG of a spec, parsed by Airflow."""
    platform.deploy(spec)
    return platform.parse().dags[spec.dag_id]


def rich_spec() -> DagSpec:
    """A spec with everything in it."""
    return a_spec(
        a_task("on_run_start.stage"),
        a_task("staging.a", upstream=("on_run_start.stage", "wait_for__hard_dependencies.dim")),
        a_task(
            "marts.b",
            upstream=("staging.a", "wait_for__soft_dependencies.fct"),
            assets=("playground.b",),
            reads=("shipping.fct",),
            pool="dbt_scheduler",
            retries=2,
            retry_delay_seconds=300,
            timeout_seconds=2700,
            doc="Makes **b**.",
        ),
        a_task("on_run_end.bye", upstream=("marts.b",), teardown=True),
        sensors=(a_wait("dim", upstream=("on_run_start.stage",)), a_wait("fct", dependency="soft")),
        tags=("tag_1", "playground"),
        doc="All of playground. Read on in other.md",
    )


def test_the_dags_own_settings(platform: Platform) -> None:
    dag = dag_of(platform, rich_spec())
    assert dag.timetable == CronDataIntervalTimetable("10 0 * * *", "UTC")
    assert dag.start_date.isoformat() == "2025-01-01T00:00:00+00:00"
    assert dag.catchup is False
    assert dag.max_active_runs == 4
    assert dag.tags == {"tag_1", "playground"}
    assert dag.doc_md == "All of playground. Read on in other.md\n"
    assert sorted(dag.task_group.children) == [
        "marts",
        "on_run_end",
        "on_run_start",
        "staging",
        "wait_for__hard_dependencies",
        "wait_for__soft_dependencies",
    ]


def test_a_start_date_is_in_the_pipelines_timezone(platform: Platform) -> None:
    schedule = Schedule(cron="0 6 * * *", timezone="Europe/Vilnius", grain="day", start_date="2025-06-01")
    dag = dag_of(platform, a_spec(a_task("a"), schedule=schedule))
    assert dag.start_date.isoformat() == "2025-05-31T21:00:00+00:00"
    assert dag.timetable == CronDataIntervalTimetable("0 6 * * *", "Europe/Vilnius")


def test_a_tasks_settings(platform: Platform) -> None:
    task = dag_of(platform, rich_spec()).get_task("marts.b")
    assert (task.retries, task.retry_delay, task.execution_timeout) == (
        2,
        timedelta(minutes=5),
        timedelta(minutes=45),
    )
    assert (task.pool, task.max_active_tis_per_dag, task.trigger_rule) == ("dbt_scheduler", 1, "none_failed")
    assert (task.owner, task.doc_md) == ("playground", "Makes **b**.")
    assert [(asset.name, asset.uri) for asset in task.outlets] == [
        ("playground.b", "x-dbt-scheduler://playground/b")
    ]
    assert [(asset.name, asset.uri) for asset in task.inlets] == [
        ("shipping.fct", "x-dbt-scheduler://shipping/fct")
    ]


def test_a_tasks_queue_priority_and_growing_delays(platform: Platform) -> None:
    own = {"queue": "heavy", "priority": 10, "max_retry_delay_seconds": 3600}
    dag = dag_of(
        platform,
        a_spec(
            a_task("a", **own),
            a_task("b", upstream=("wait_for__hard_dependencies.dim",)),
            sensors=(a_wait("dim"),),
        ),
    )
    stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))  # as loaded by the scheduler
    for each in (dag, stored):
        a = each.get_task("a")
        assert (a.queue, a.priority_weight, a.max_retry_delay) == ("heavy", 10, timedelta(hours=1))
        assert a.retry_exponential_backoff == DOUBLING
        for other in ("b", "wait_for__hard_dependencies.dim"):
            task = each.get_task(other)
            assert (task.queue, task.priority_weight, task.max_retry_delay) == ("default", 1, None)
            assert not task.retry_exponential_backoff


def test_a_sensors_settings(platform: Platform) -> None:
    sensor = dag_of(platform, rich_spec()).get_task("wait_for__hard_dependencies.dim")
    assert (sensor.external_dag_id, sensor.external_task_id) == ("shipping_daily", "marts.dim")
    assert (sensor.poke_interval, sensor.deferrable, sensor.reschedule, sensor.soft_fail) == (
        300,
        True,
        True,
        False,
    )
    assert (sensor.failed_states, sensor.trigger_rule) == ([], "none_failed")


def test_edges(platform: Platform) -> None:
    dag = dag_of(platform, rich_spec())
    assert {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks} == {
        "wait_for__hard_dependencies.dim": ["on_run_start.stage"],
        "wait_for__soft_dependencies.fct": [],
        "on_run_start.stage": [],
        "staging.a": ["on_run_start.stage", "wait_for__hard_dependencies.dim"],
        "marts.b": ["staging.a", "wait_for__soft_dependencies.fct"],
        # # Each of these could still run after marts.b was skipped because of another parent.
        "on_run_end.bye": [
            "marts.b", "staging.a", "wait_for__hard_dependencies.dim", "wait_for__soft_dependencies.fct",
        ],
    }  # fmt: skip


def test_a_teardown_never_decides_the_runs_state(platform: Platform) -> None:
    teardown = dag_of(platform, rich_spec()).get_task("on_run_end.bye")
    assert (teardown.is_teardown, teardown.on_failure_fail_dagrun) == (True, False)


def test_a_run_can_only_select_existing_tasks(platform: Platform) -> None:
    params = dag_of(platform, rich_spec()).params
    assert params.dump() == {"full_refresh": False, "only": []}
    params["only"] = ["b", "marts.b"]
    with pytest.raises(ParamValidationError):
        params["only"] = ["c"]


def test_airflow_does_not_store_the_source_of_ours_with_every_task(platform: Platform) -> None:
    stored = json.dumps(DagSerialization.to_dict(dag_of(platform, rich_spec())))
    assert "staging.a" in stored
    assert "def " not in stored


def test_airflow_does_not_store_empty_fields_with_every_task(platform: Platform) -> None:
    dag = dag_of(platform, a_spec(a_task("plain"), a_task("rich", env={"DAY": "{{ ds }}"})))
    stored = {
        task["__var"]["task_id"]: task["__var"] for task in DagSerialization.to_dict(dag)["dag"]["tasks"]
    }
    assert list(stored["plain"]["template_fields"]) == ["command", "cwd"]
    assert list(stored["rich"]["template_fields"]) == ["command", "cwd", "env"]
    assert stored["rich"]["env"] == {"DAY": "{{ ds }}"}
    assert "env" not in stored["plain"]


def test_the_same_spec_is_the_same_serialized_dag(platform: Platform) -> None:
    platform.deploy(rich_spec())
    hashes = {SerializedDagModel.hash(DagSerialization.to_dict(platform.parse().dags[DAG])) for _ in range(3)}
    assert len(hashes) == 1


def test_parsing_again_makes_no_new_version(platform: Platform) -> None:
    platform.deploy(rich_spec())
    platform.run(DAG, "2025-03-01T00:10")
    for _ in range(3):
        platform.deploy(rich_spec())
    with create_session() as session:
        assert session.scalars(select(DagVersion.version_number)).all() == [1]


def test_a_dag_does_not_contain_its_path(platform: Platform) -> None:
    text = str(DagSerialization.to_dict(dag_of(platform, rich_spec())))
    assert text.count(str(platform.dags)) == text.count(str(platform.dags / f"{DAG}.py"))

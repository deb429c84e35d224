"""The states of a DAG's tasks when a real scheduler runs them."""

import pytest

from builders import a_spec, a_task, a_wait, python
from dbt_scheduler.spec import DagSpec
from harness import Platform

DAG = "playground_daily"


STAGE, A, B, DIM = "on_run_start.stage", "staging.a", "marts.b", "wait_for__hard_dependencies.dim"
BYE = a_task("on_run_end.bye", upstream=(B,), teardown=True)
AFTER_EVERYTHING = a_spec(
    a_task(A),
    a_task(B, upstream=(A,)),
    a_task("on_run_end.warn", upstream=(B,), teardown=True, fails=True),
    a_task("on_run_end.bye", upstream=("on_run_end.warn",), teardown=True),
)
ON_RUN_START_FAILS = a_spec(
    a_task(STAGE, fails=True), a_task(A, upstream=(STAGE,)), a_task(B, upstream=(A,)), BYE
)
A_READER_FAILED_EARLY = a_spec(
    a_task(A, fails=True), a_task(B, upstream=(A, DIM)), BYE, sensors=(a_wait("dim"),)
)


@pytest.mark.parametrize(
    ("spec", "run", "tasks"),
    [
        pytest.param(
            AFTER_EVERYTHING,
            "success",
            {A: "success", B: "success", "on_run_end.warn": "failed", "on_run_end.bye": "success"},
            id="it runs after everything and never decides the run's state",
        ),
        pytest.param(
            ON_RUN_START_FAILS,
            "failed",
            {STAGE: "failed", A: "upstream_failed", B: "upstream_failed", "on_run_end.bye": "success"},
            id="it runs, and the run fails, when on_run_start fails",
        ),
        pytest.param(
            A_READER_FAILED_EARLY,
            "running",
            {A: "failed", B: "upstream_failed", DIM: "deferred", "on_run_end.bye": None},
            id="it waits for a task whose reader failed early",
        ),
    ],
)
def test_when_on_run_end_runs(
    platform: Platform, spec: DagSpec, run: str, tasks: dict[str, str | None]
) -> None:
    platform.deploy(spec)
    platform.run(DAG, "2025-03-01T00:10")
    platform.work()
    assert platform.states(DAG) == tasks
    assert platform.state(DAG) == run


def test_a_run_of_chosen_tasks_skips_all_others_and_the_sensors_that_only_they_need(
    platform: Platform,
) -> None:
    platform.deploy(
        a_spec(
            a_task("on_run_start.stage"),
            a_task("staging.a", upstream=("on_run_start.stage", "wait_for__hard_dependencies.dim")),
            a_task("marts.b", upstream=("staging.a",)),
            a_task("marts.c", upstream=("marts.b", "wait_for__soft_dependencies.fct")),
            a_task("on_run_end.bye", upstream=("marts.c",), teardown=True),
            sensors=(a_wait("dim"), a_wait("fct", dependency="soft")),
        )
    )
    platform.run(DAG, "2025-03-01T00:10", only=["b"])
    platform.work()
    assert platform.states(DAG) == {
        "wait_for__hard_dependencies.dim": "skipped",
        "wait_for__soft_dependencies.fct": "skipped",
        "on_run_start.stage": "success",
        "staging.a": "skipped",
        "marts.b": "success",
        "marts.c": "skipped",
        "on_run_end.bye": "success",
    }
    assert platform.state(DAG) == "success"


def test_a_chosen_task_is_also_known_by_its_full_id_and_its_sensors_wait(platform: Platform) -> None:
    platform.deploy(
        a_spec(
            a_task("staging.a", upstream=("wait_for__hard_dependencies.dim",)),
            a_task("marts.b", upstream=("staging.a",)),
            sensors=(a_wait("dim"),),
        )
    )
    platform.run(DAG, "2025-03-01T00:10", only=["staging.a"])
    platform.work()
    assert platform.states(DAG) == {
        "wait_for__hard_dependencies.dim": "deferred",
        "staging.a": None,
        "marts.b": None,
    }


def test_templates_know_the_data_interval_of_every_kind_of_run(platform: Platform) -> None:
    env = {"START": "{{ data_interval_start.isoformat() }}", "REFRESH": "{{ params.full_refresh }}"}
    code = "import os; assert (os.environ['START'], os.environ['REFRESH']) == {!r}, os.environ"
    scheduled = a_task("a", env=env, command=python(code.format(("2025-03-01T00:10:00+00:00", "False"))))
    manual = a_task("a", env=env, command=python(code.format(("2025-03-05T00:10:00+00:00", "True"))))
    platform.deploy(a_spec(scheduled), a_spec(manual, team="other"))
    platform.run(DAG, "2025-03-01T00:10")
    platform.run("other_daily", "2025-03-06T12:00", manual=True, full_refresh=True)
    platform.work()
    assert platform.state(DAG) == "success"
    assert platform.state("other_daily") == "success"


def test_templates_know_the_data_interval_of_a_run_without_a_date(platform: Platform) -> None:
    env = {"START": "{{ data_interval_start.isoformat() }}", "END": "{{ data_interval_end | ts }}"}
    code = "import os; assert (os.environ['START'], os.environ['END']) == {!r}, os.environ"
    dates = ("2025-03-05T00:10:00+00:00", "2025-03-06T00:10:00+00:00")
    platform.deploy(a_spec(a_task("a", env=env, command=python(code.format(dates)))))
    platform.run_without_date(DAG, "2025-03-06T12:00")
    platform.work()
    assert platform.state(DAG) == "success"

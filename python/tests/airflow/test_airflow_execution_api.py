"""What becomes of a DAG's tasks when a real scheduler runs them."""

from builders import a_spec, a_task, a_wait, python
from harness import Platform

DAG = "playground_daily"


def test_on_run_end_runs_after_everything_and_never_decides_the_runs_state(platform: Platform) -> None:
    platform.deploy(
        a_spec(
            a_task("staging.a"),
            a_task("marts.b", upstream=("staging.a",)),
            a_task("on_run_end.warn", upstream=("marts.b",), teardown=True, fails=True),
            a_task("on_run_end.bye", upstream=("on_run_end.warn",), teardown=True),
        )
    )
    platform.run(DAG, "2025-03-01T00:10")
    platform.work()
    assert platform.states(DAG) == {
        "staging.a": "success",
        "marts.b": "success",
        "on_run_end.warn": "failed",
        "on_run_end.bye": "success",
    }
    assert platform.state(DAG) == "success"


def test_on_run_end_runs_and_the_run_fails_when_on_run_start_fails(platform: Platform) -> None:
    platform.deploy(
        a_spec(
            a_task("on_run_start.stage", fails=True),
            a_task("staging.a", upstream=("on_run_start.stage",)),
            a_task("marts.b", upstream=("staging.a",)),
            a_task("on_run_end.bye", upstream=("marts.b",), teardown=True),
        )
    )
    platform.run(DAG, "2025-03-01T00:10")
    platform.work()
    assert platform.states(DAG) == {
        "on_run_start.stage": "failed",
        "staging.a": "upstream_failed",
        "marts.b": "upstream_failed",
        "on_run_end.bye": "success",
    }
    assert platform.state(DAG) == "failed"


def test_on_run_end_waits_for_a_task_whose_reader_failed_early(platform: Platform) -> None:
    platform.deploy(
        a_spec(
            a_task("staging.bad", fails=True),
            a_task("marts.b", upstream=("staging.bad", "wait_for__hard_dependencies.dim")),
            a_task("on_run_end.bye", upstream=("marts.b",), teardown=True),
            sensors=(a_wait("dim"),),
        )
    )
    platform.run(DAG, "2025-03-01T00:10")
    platform.work()
    assert platform.states(DAG) == {
        "staging.bad": "failed",
        "marts.b": "upstream_failed",
        "wait_for__hard_dependencies.dim": "deferred",
        "on_run_end.bye": None,
    }
    assert platform.state(DAG) == "running"


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

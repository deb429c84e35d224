"""One writer per table, with Airflow's own scheduler, and a missing pool."""

from pathlib import Path
from typing import Any

import pytest
from airflow.cli.commands.pool_command import pool_import_helper
from click.testing import CliRunner

import harness
from builders import a_spec, a_task
from dbt_scheduler.cli import main
from dbt_scheduler.spec import RESUME_DAG, DagSpec
from harness import Platform

POOL = "one_writer.shipping.dim"


def one_table_twice(**task: Any) -> list[DagSpec]:
    return [
        a_spec(a_task("marts.dim", pool=POOL, **task), team="shipping", pipeline=pipeline)
        for pipeline in ("hourly", "daily")
    ]


def import_pools(platform: Platform, tmp_path: Path) -> None:
    """Import the command's output into Airflow."""
    printed = CliRunner().invoke(main, ["pools", "--out", str(platform.dags.parent)]).stdout
    (tmp_path / "pools.json").write_text(printed)
    assert pool_import_helper(tmp_path / "pools.json")[1] == []


def run_both(platform: Platform) -> None:
    platform.run("shipping_hourly", "2025-03-01T23:05")
    platform.run("shipping_daily", "2025-03-01T00:10")


def test_two_dags_do_not_write_one_table_at_the_same_moment(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One task is kept at the executor, and the scheduler runs several rounds: the other one is not queued."""
    held: list[Any] = []
    real = harness._Executor._process_workloads
    monkeypatch.setattr(harness._Executor, "_process_workloads", lambda self, work: held.extend(work))
    platform.deploy(*one_table_twice())
    import_pools(platform, tmp_path)
    run_both(platform)
    platform.schedule()
    platform.schedule()
    (first,) = {work.ti.id: work for work in held}.values()
    states = {platform.state(f"shipping_{pipeline}", "marts.dim") for pipeline in ("hourly", "daily")}
    assert states == {"queued", "scheduled"}
    monkeypatch.setattr(harness._Executor, "_process_workloads", real)
    with harness.airflows_own_warnings():
        harness._Executor(platform)._process_workloads([first])
    platform.work()
    assert {platform.state(dag_id) for dag_id in ("shipping_hourly", "shipping_daily")} == {"success"}


def test_a_pool_that_airflow_does_not_have_fails_the_sweep_until_it_is_made(
    airflow: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Airflow itself reports it only in the scheduler's log, and the task waits forever."""
    dags = one_table_twice()
    airflow.deploy_sweep(dags[0])
    airflow.deploy(*dags)
    airflow.run("shipping_daily", "2025-03-01T00:10")
    first = airflow.run_without_date(RESUME_DAG, "2025-03-03T00:00")
    airflow.work()
    assert airflow.state("shipping_daily", "marts.dim") == "scheduled"
    assert airflow.state(RESUME_DAG, run_id=first) == "failed"
    assert (
        f"The pool {POOL} does not exist in Airflow, so shipping_daily marts.dim never starts. Create it with `dbt-scheduler pools` and `airflow pools import`."
    ) in capsys.readouterr().out
    import_pools(airflow, tmp_path)
    second = airflow.run_without_date(RESUME_DAG, "2025-03-03T00:05")
    airflow.work()
    assert airflow.state(RESUME_DAG, run_id=second) == "success"
    assert airflow.state("shipping_daily", "marts.dim") == "success"

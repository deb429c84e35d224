"""`dbt-scheduler doctor` with Airflow's real public API: it finds the permissions of a login, and changes nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.models.dagrun import DagRun
from airflow.models.pool import Pool
from airflow.utils.session import create_session
from click.testing import CliRunner
from sqlalchemy import func, select

from api_server import public_api
from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.cli import main
from dbt_scheduler.spec import RESUME_DAG
from harness import Platform

PASSWORD = "of nothing"  # noqa: S105 - of this test's Airflow


@pytest.fixture
def api_url(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An API with an admin, and a user with only read permissions."""
    passwords = tmp_path / "passwords.json"
    passwords.write_text(json.dumps(dict.fromkeys(("boss", "reader"), PASSWORD)))
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "False")
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "boss:admin,reader:viewer")
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(passwords))
    monkeypatch.setenv("DBT_SCHEDULER_AIRFLOW_PASSWORD", PASSWORD)
    with public_api() as url:
        yield url


def asked(platform: Platform, url: str, login: str) -> list[str]:
    where = ["--out", str(platform.dags.parent), "--airflow", url, "--login", login]
    result = CliRunner().invoke(main, ["doctor", *where])
    assert result.exit_code == 1, result.output
    return [line.partition(". To fix")[0] for line in result.stdout.splitlines()]


def test_what_a_login_may_do_and_what_is_there(platform: Platform, api_url: str) -> None:
    wait = a_wait("dim")
    consumer = a_spec(
        a_task("marts.mine", upstream=(wait.task_id,), pool="one_writer.x.mine"), sensors=(wait,)
    )
    platform.deploy_sweep(consumer)
    platform.deploy(consumer)
    platform.publish("shipping", an_entry("dim", "daily"))
    platform.publish("playground", a_wait_entry(consumer))
    rights = [
        f"not ok  rights: the login does not have {each}"
        for each in ("can_edit on DAG Runs", "can_edit on Task Instances", "can_create on DAG Runs")
    ]
    reader, boss = asked(platform, api_url, "reader"), asked(platform, api_url, "boss")
    assert [line for line in reader if " rights: " in line] == rights
    assert [line for line in boss if " rights: " in line] == [
        "ok      rights: the login has permission to read and edit DAG runs and task instances, and to trigger the sweep"
    ]
    assert boss[0].startswith("ok      airflow: version 3.")
    assert (
        "not ok  triggerer: none is running: sensors wait in reschedule mode, which uses more resources"
        in boss
    )
    assert f"not ok  sweep: {RESUME_DAG} has not run yet" in boss
    assert "ok      registry: 2 teams" in boss
    assert "not ok  pools: one_writer.x.mine does not exist, so its tasks never start" in boss
    with create_session() as session:
        assert session.scalar(select(func.count()).select_from(DagRun)) == 0
        assert session.scalar(select(func.count()).select_from(Pool)) == 1

"""``dbt-scheduler run`` against a real Airflow: the run covers the period that was named, for everybody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from click.testing import CliRunner, Result
from sqlalchemy import update

from api_server import public_api
from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry, python
from dbt_scheduler.cli import main
from dbt_scheduler.compiler.dbt_commands import INTERVAL_ENV
from dbt_scheduler.spec import Schedule
from harness import Platform

WAIT = "wait_for__hard_dependencies.dim"
VILNIUS = Schedule("10 0 * * *", "Europe/Vilnius", "day")


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with public_api() as url:
        yield url


@pytest.fixture
def api_url(platform: Platform, api: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where Airflow's public API answers, as the command finds it."""
    assert platform
    monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", api)
    return api


def run(platform: Platform, dag_id: str, period: str, *options: str) -> Result:
    arguments = ["run", dag_id, "--period", period, "--out", str(platform.dags.parent), *options]
    return CliRunner().invoke(main, arguments)


def telling(file: Path) -> list[str]:
    """A command that writes down which interval it was told."""
    name = "DBT_SCHEDULER_DATA_INTERVAL_"
    return python(
        f"import os; open({str(file)!r}, 'a').write('{{}} {{}}\\n'.format(os.environ['{name}START'], os.environ['{name}END']))"
    )


def test_a_run_of_a_named_period_covers_it_and_the_next_scheduled_run_is_still_made(
    platform: Platform, api_url: str, tmp_path: Path
) -> None:
    """A logical date of that day, as the docs once said, gives the day before."""
    told = tmp_path / "told"
    task = a_task(
        "marts.dim", command=telling(told), env={name: str(value) for name, value in INTERVAL_ENV.items()}
    )
    platform.deploy(a_spec(task, team="shipping"), a_spec(task, team="vilnius", schedule=VILNIUS))
    said = run(platform, "shipping_daily", "2025-09-09")
    (run_id,) = platform.runs("shipping_daily")
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout.splitlines() == [
        f"shipping_daily {run_id}",
        "  interval 2025-09-09 00:10 to 2025-09-10 00:10 UTC",
        f"  {api_url}/dags/shipping_daily/runs/{run_id.replace(':', '%3A').replace('+', '%2B')}",
    ]
    platform.work()
    assert told.read_text() == "2025-09-09T00:10:00+00:00 2025-09-10T00:10:00+00:00\n"
    again = run(platform, "shipping_daily", "2025-09-09")
    assert (again.exit_code, again.stdout) == (1, said.stdout)
    assert again.stderr == (
        "this run was there already (success): nothing was triggered\n  hint: clear it there to run it again\n"
    )
    platform.run("shipping_daily", "2025-09-10T00:10")  # Airflow allows each logical date once
    platform.work()
    assert told.read_text().splitlines()[1:] == ["2025-09-10T00:10:00+00:00 2025-09-11T00:10:00+00:00"]
    told.unlink()
    assert run(platform, "vilnius_daily", "2025-09-09").exit_code == 0
    platform.work()
    assert told.read_text() == "2025-09-08T21:10:00+00:00 2025-09-09T21:10:00+00:00\n"


def test_consumers_and_sensors_take_it_for_that_period(platform: Platform, api_url: str) -> None:
    assert api_url
    sensor = a_wait("dim")
    consumer = a_spec(a_task("marts.mine", upstream=(sensor.task_id,)), sensors=(sensor,))
    dim = a_task("marts.dim", assets=("shipping.dim",), signals=True)
    platform.deploy(a_spec(dim, team="shipping"), consumer)
    platform.publish("shipping", an_entry("dim", "daily"))
    platform.publish("playground", a_wait_entry(consumer))
    days = {day: platform.run("playground_daily", f"2025-09-{day}T00:10") for day in ("09", "10")}
    platform.work()
    assert run(platform, "playground_daily", "2025-09-11").exit_code == 0
    (days["11"],) = set(platform.runs("playground_daily")) - set(days.values())
    for day, made in (("09", "command"), ("10", "scheduler"), ("11", "command")):
        if made == "command":
            assert run(platform, "shipping_daily", f"2025-09-{day}").exit_code == 0
        else:
            platform.run("shipping_daily", f"2025-09-{day}T00:10")
        platform.work()
        states = {each: platform.state("playground_daily", WAIT, run_id) for each, run_id in days.items()}
        assert states == {each: "success" if each <= day else "deferred" for each in days}


def test_chosen_tasks_of_a_period_that_has_run(platform: Platform, api_url: str) -> None:
    assert api_url
    platform.deploy(a_spec(a_task("marts.dim"), a_task("marts.fct"), team="shipping"))
    first = platform.run("shipping_daily", "2025-09-09T00:10")
    platform.work()
    said = run(platform, "shipping_daily", "2025-09-09", "--only", "dim", "--full-refresh")
    assert (said.exit_code, said.stderr) == (0, "")
    platform.work()
    (second,) = set(platform.runs("shipping_daily")) - {first}
    assert platform.state("shipping_daily", "marts.dim", second) == "success"
    assert platform.state("shipping_daily", "marts.fct", second) == "skipped"


def test_a_dag_that_is_paused(platform: Platform, api_url: str) -> None:
    assert api_url
    platform.deploy(a_spec(a_task("marts.dim"), team="shipping"))
    with create_session() as session:
        session.execute(update(DagModel).values(is_paused=True))
    said = run(platform, "shipping_daily", "2025-09-09")
    assert said.exit_code == 0
    assert said.stderr == "warning: shipping_daily is paused: its runs start when it is unpaused\n"
    platform.work()
    assert platform.state("shipping_daily") == "queued"

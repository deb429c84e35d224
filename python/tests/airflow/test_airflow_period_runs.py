"""``dbt-scheduler run`` with a real Airflow: the run covers the given period, for sensors and consumers too."""

from pathlib import Path

from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from click.testing import CliRunner, Result
from sqlalchemy import update

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry, python
from dbt_scheduler.cli import main
from dbt_scheduler.compiler.dbt_commands import INTERVAL_ENV
from dbt_scheduler.spec import Schedule
from harness import Platform

WAIT = "wait_for__hard_dependencies.dim"
VILNIUS = Schedule("10 0 * * *", "Europe/Vilnius", "day")


def run(platform: Platform, dag_id: str, period: str, *options: str) -> Result:
    arguments = ["run", dag_id, "--period", period, "--out", str(platform.dags.parent), *options]
    return CliRunner().invoke(main, arguments)


def telling(file: Path) -> list[str]:
    """A command that writes down its data interval."""
    name = "DBT_SCHEDULER_DATA_INTERVAL_"
    return python(
        f"import os; open({str(file)!r}, 'a').write('{{}} {{}}\\n'.format(os.environ['{name}START'], os.environ['{name}END']))"
    )


def test_a_run_of_a_named_period_covers_it_and_the_next_scheduled_run_is_still_made(
    airflow: Platform, api_url: str, tmp_path: Path
) -> None:
    """A logical date on that day would cover the day before."""
    reported = tmp_path / "reported"
    task = a_task(
        "marts.dim", command=telling(reported), env={name: str(value) for name, value in INTERVAL_ENV.items()}
    )
    airflow.deploy(a_spec(task, team="shipping"), a_spec(task, team="vilnius", schedule=VILNIUS))
    said = run(airflow, "shipping_daily", "2025-09-09")
    (run_id,) = airflow.runs("shipping_daily")
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout.splitlines() == [
        f"shipping_daily {run_id}",
        "  interval 2025-09-09 00:10 to 2025-09-10 00:10 UTC",
        f"  {api_url}/dags/shipping_daily/runs/{run_id.replace(':', '%3A').replace('+', '%2B')}",
    ]
    airflow.work()
    assert reported.read_text() == "2025-09-09T00:10:00+00:00 2025-09-10T00:10:00+00:00\n"
    again = run(airflow, "shipping_daily", "2025-09-09")
    assert (again.exit_code, again.stdout) == (1, said.stdout)
    assert again.stderr == (
        "the run already exists (success): nothing was triggered\n  hint: clear the run in Airflow to run it again\n"
    )
    airflow.run("shipping_daily", "2025-09-10T00:10")  # Airflow allows each logical date once
    airflow.work()
    assert reported.read_text().splitlines()[1:] == ["2025-09-10T00:10:00+00:00 2025-09-11T00:10:00+00:00"]
    reported.unlink()
    assert run(airflow, "vilnius_daily", "2025-09-09").exit_code == 0
    airflow.work()
    assert reported.read_text() == "2025-09-08T21:10:00+00:00 2025-09-09T21:10:00+00:00\n"


def test_consumers_and_sensors_take_it_for_that_period(airflow: Platform) -> None:
    sensor = a_wait("dim")
    consumer = a_spec(a_task("marts.mine", upstream=(sensor.task_id,)), sensors=(sensor,))
    dim = a_task("marts.dim", assets=("shipping.dim",), signals=True)
    airflow.deploy(a_spec(dim, team="shipping"), consumer)
    airflow.publish("shipping", an_entry("dim", "daily"))
    airflow.publish("playground", a_wait_entry(consumer))
    days = {day: airflow.run("playground_daily", f"2025-09-{day}T00:10") for day in ("09", "10")}
    airflow.work()
    assert run(airflow, "playground_daily", "2025-09-11").exit_code == 0
    (days["11"],) = set(airflow.runs("playground_daily")) - set(days.values())
    for day, made in (("09", "command"), ("10", "scheduler"), ("11", "command")):
        if made == "command":
            assert run(airflow, "shipping_daily", f"2025-09-{day}").exit_code == 0
        else:
            airflow.run("shipping_daily", f"2025-09-{day}T00:10")
        airflow.work()
        states = {each: airflow.state("playground_daily", WAIT, run_id) for each, run_id in days.items()}
        assert states == {each: "success" if each <= day else "deferred" for each in days}


def test_chosen_tasks_of_a_period_that_has_run(airflow: Platform) -> None:
    airflow.deploy(a_spec(a_task("marts.dim"), a_task("marts.fct"), team="shipping"))
    first = airflow.run("shipping_daily", "2025-09-09T00:10")
    airflow.work()
    said = run(airflow, "shipping_daily", "2025-09-09", "--only", "dim", "--full-refresh")
    assert (said.exit_code, said.stderr) == (0, "")
    airflow.work()
    (second,) = set(airflow.runs("shipping_daily")) - {first}
    assert airflow.state("shipping_daily", "marts.dim", second) == "success"
    assert airflow.state("shipping_daily", "marts.fct", second) == "skipped"


def test_a_dag_that_is_paused(airflow: Platform) -> None:
    airflow.deploy(a_spec(a_task("marts.dim"), team="shipping"))
    with create_session() as session:
        session.execute(update(DagModel).values(is_paused=True))
    said = run(airflow, "shipping_daily", "2025-09-09")
    assert said.exit_code == 0
    assert said.stderr == "warning: shipping_daily is paused: its runs start when it is unpaused\n"
    airflow.work()
    assert airflow.state("shipping_daily") == "queued"

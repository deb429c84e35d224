"""Real dbt in Airflow tasks: the batches that a run of a microbatch model builds, and an empty selection."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.models.taskinstance import TaskInstance, clear_task_instances
from airflow.sdk import DAG
from airflow.utils.session import create_session
from sqlalchemy import select

from builders import a_spec, a_task, a_wait, python
from dbt_scheduler.airflow.compat import AirflowException, AirflowFailException
from dbt_scheduler.airflow.dbt_operator import DbtOperator
from dbt_scheduler.spec import Task
from dbt_team import DbtTeam
from harness import Platform, airflows_own_warnings
from older_airflow import airflow_has

OPERATOR = "dbt_scheduler.airflow.dbt_operator.DbtOperator"
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
EVENTS = """
version: 2
sources: [{name: lake, tables: [{name: raw_events, config: {event_time: event_at}}]}]
models:
  - name: events
    config:
      materialized: incremental
      incremental_strategy: microbatch
      event_time: event_at
      begin: '%s'
      batch_size: day
      lookback: %s
      meta: {scheduler: {pipelines: [daily]}}
"""


def days_ago(days: int, **later: int) -> str:
    return (TODAY - timedelta(days=days) + timedelta(**later)).strftime("%Y-%m-%dT%H:%M")


def events_team(root: Path, *, lookback: int) -> DbtTeam:
    """A microbatch model that begins five days ago, and its table of events."""
    return DbtTeam(
        root,
        {
            "models/events.yml": EVENTS % (days_ago(5)[:10], lookback),
            "models/events.sql": "select * from {{ source('lake', 'raw_events') }}",
        },
    )


def load(team: DbtTeam, **events: str) -> None:
    """Insert events by name, each at its time."""
    team.sql("create schema if not exists lake")
    team.sql("create table if not exists lake.raw_events (id text, event_at timestamp)")
    for name, at in events.items():
        team.sql(f"insert into lake.raw_events values ('{name}', '{at}')")  # noqa: S608 - of this test


def built(team: DbtTeam) -> list[str]:
    return team.sql("select id from main.events order by event_at, id")


def run(platform: Platform, team: DbtTeam, at: str, **conf: Any) -> None:
    """Run the daily run of a day."""
    run_id = platform.run("shop_daily", f"{at[:10]}T00:10", **conf)
    platform.work()
    assert platform.state("shop_daily", "events", run_id) == "success"


def test_runs_of_a_microbatch_model_build_their_own_period_and_never_lose_its_history(
    platform: Platform, tmp_path: Path
) -> None:
    team = events_team(tmp_path, lookback=1)
    load(team, first=days_ago(5, hours=12), fourth=days_ago(4, hours=12), last=days_ago(1, hours=12))
    platform.deploy(team.compile())

    run(platform, team, days_ago(4))  # the table does not exist yet, whatever day comes first
    assert built(team) == ["first", "fourth", "last"]

    for day in (5, 4, 3, 2, 1):
        load(team, **{f"late{day}": days_ago(day, minutes=5)})
    # Its day and the one that lookback adds, but not five minutes of the next.
    run(platform, team, days_ago(2))
    assert built(team) == ["first", "fourth", "late3", "late2", "last"]

    run(platform, team, days_ago(1), full_refresh=True)
    assert built(team) == ["late5", "first", "late4", "fourth", "late3", "late2", "late1", "last"]


def test_a_period_of_a_microbatch_model_is_built_as_one_batch(platform: Platform, tmp_path: Path) -> None:
    team = events_team(tmp_path, lookback=0)
    load(team, first=days_ago(5, hours=12))
    spec = team.compile()
    platform.deploy(spec)
    run(platform, team, days_ago(5))
    load(team, a=days_ago(4, hours=23, minutes=59), b=days_ago(3), c=days_ago(3, hours=23), d=days_ago(2))
    run(platform, team, days_ago(3))
    assert built(team) == ["first", "b", "c"]


START, END = "DBT_EVENT_TIME_START", "DBT_EVENT_TIME_END"
NOTE_ENV = (
    "import os, pathlib; p = pathlib.Path('seen'); "
    "p.write_text((p.read_text() if p.exists() else '') + ' '.join([os.environ['DBT_EVENT_TIME_START'],"
    " os.environ['DBT_EVENT_TIME_END'][:10]]) + chr(10)); "
)
MISSING = (
    "import pathlib; exit(0) if pathlib.Path('table').exists() else "
    "exit('  dbt-scheduler: the table does not exist yet; begin: 2025-02-20 00:00:00;')"
)


def a_microbatch_task(code: str) -> Task:
    """A task whose program creates a table, and writes down its window."""
    env = {START: "{{ event_time_start('day', 2) }}", END: "{{ event_time_end() }}"}
    arguments = {"command": python(NOTE_ENV + code), "cwd": ".", "env": env, "table_check": python(MISSING)}
    return a_task("events", operator=OPERATOR, arguments=arguments)


def clear(platform: Platform, run_id: str) -> None:
    with create_session() as session, airflows_own_warnings():
        clear_task_instances(
            list(session.scalars(select(TaskInstance).where(TaskInstance.run_id == run_id))), session
        )


def test_a_first_build_that_stopped_halfway_begins_again_although_the_table_is_there(
    platform: Platform,
) -> None:
    dags = platform.dags
    code = "pathlib.Path('table').touch(); exit(pathlib.Path('broken').exists())"
    platform.deploy(a_spec(a_microbatch_task(code)))
    (dags / "broken").touch()
    run_id = platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("playground_daily", "events") == "failed"
    (dags / "broken").unlink()
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    for _ in range(2):
        clear(platform, run_id)
        platform.work()
        assert platform.state("playground_daily", "events") == "success"
    whole, interval = f"2025-02-20T00:00:00 {today}", "2025-02-27T00:00:00 2025-03-02"
    again = whole if airflow_has("the task state store") else interval
    assert (dags / "seen").read_text().splitlines() == [whole, again, interval]


def an_operator(folder: Path, **arguments: Any) -> DbtOperator:
    dag = DAG("some_dag", schedule=None)
    dag.fileloc = str(folder / "some_dag.py")
    return DbtOperator(task_id="some_task", dag=dag, cwd=".", **arguments)


def execute(operator: DbtOperator) -> None:
    """Run it without Airflow, as before 3.3: nothing is kept between tries."""
    operator.execute.__wrapped__(operator, {})  # type: ignore[attr-defined]


def test_a_first_build_that_stopped_halfway_is_not_tried_again_where_airflow_remembers_nothing(
    tmp_path: Path,
) -> None:
    env = {START: "2025-03-01T00:00:00", END: "2025-03-02T00:00:00"}
    operator = an_operator(tmp_path, command=python("exit(1)"), table_check=python(MISSING), env=env)
    with pytest.raises(AirflowFailException, match="run the task with full_refresh"):
        execute(operator)


def test_a_table_check_that_fails_for_another_reason_fails_the_task(tmp_path: Path) -> None:
    env = {START: "2025-03-01T00:00:00", END: "2025-03-02T00:00:00"}
    operator = an_operator(
        tmp_path, command=python("print('built')"), table_check=python("exit('no warehouse')"), env=env
    )
    with pytest.raises(AirflowException, match=r"failed with exit code 1. Its last output:\nno warehouse"):
        execute(operator)


def test_a_dbt_task_with_a_renamed_model_fails_and_resumes_no_run(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"config": {"meta": {"scheduler": {"pipelines": ["daily"]}}}}
    team = DbtTeam(
        tmp_path,
        {
            "models/orders.sql": "select 1 as id",
            "models/orders.yml": {"version": 2, "models": [{"name": "orders", **config}]},
        },
    )
    spec = team.compile()
    (orders,) = spec.tasks
    assert orders.signals
    reader = a_spec(
        a_task("marts.a", upstream=("wait_for__hard_dependencies.orders",)),
        sensors=(a_wait("orders", team="shop", task_id="orders"),),
    )
    platform.deploy(spec, reader)
    (team.folder / "models/orders.sql").rename(team.folder / "models/orders2.sql")
    platform.run("shop_daily", "2025-03-01T00:10")
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("shop_daily", "orders") == "failed"
    assert platform.state("playground_daily", "wait_for__hard_dependencies.orders") == "deferred"
    assert (
        "The DAG does not match the dbt project: The selection criterion 'fqn:shop.orders' does not match any enabled "
        "nodes. Compile the project again, with the target that its tasks use, and deploy both together."
    ) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            "The selection criterion 'fqn:shop.orders' does not match any enabled nodes",
            "The selection criterion 'fqn:shop.orders' does not match any enabled nodes",
        ),
        (
            """{"info": {"msg": "Nothing to do. Try checking your model configs and model specification args"}}""",
            "Nothing to do. Try checking your model configs",
        ),
    ],
)
def test_a_dbt_that_only_warns_of_a_selection_of_nothing_fails_the_task_too(
    tmp_path: Path, line: str, shown: str
) -> None:
    operator = an_operator(tmp_path, command=python(f"print({line!r})"))
    with pytest.raises(AirflowException) as failure:
        execute(operator)
    assert str(failure.value) == (
        f"The DAG does not match the dbt project: {shown}. Compile the project again, with the target that its tasks use, and deploy both together."
    )


def test_a_project_folder_that_cannot_be_written_is_no_trouble_for_dbt(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sql = """{{ config(meta={"scheduler": {"pipelines": ["daily"]}}) }} select 1 as id"""
    team = DbtTeam(tmp_path, {"models/orders.sql": sql})
    platform.deploy(team.compile())
    for name in ("target", "logs"):
        shutil.rmtree(team.folder / name)
        (team.folder / name).symlink_to("/proc")  # no user, not even root, can create files there
    platform.run("shop_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("shop_daily", "orders") == "success"
    assert team.sql("select id from main.orders") == [1]
    assert "dbt writes to a temporary folder, because" in capsys.readouterr().out

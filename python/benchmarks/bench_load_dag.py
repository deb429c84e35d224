# ruff: noqa: E402 - imports are timed, in this order
"""Measures loading DAGs, compared with a floor: the same tasks and edges as a hand-written DAG.

Run it with ``python benchmarks/bench_load_dag.py``. Prints CPU seconds, the best of several rounds with new objects.
"""

import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow_home_"))
warnings.simplefilter("ignore")

import msgspec

started = time.process_time()
import airflow  # noqa: F401
from airflow.sdk import DAG, CronDataIntervalTimetable, TaskGroup

IMPORT_AIRFLOW = time.process_time() - started

started = time.process_time()
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

IMPORT_PROVIDER = time.process_time() - started

started = time.process_time()
import dbt_scheduler.airflow.build
import dbt_scheduler.airflow.operators
import dbt_scheduler.airflow.sensor  # noqa: F401
from dbt_scheduler.airflow import load_dag

IMPORT_OURS = time.process_time() - started

from dbt_scheduler.spec import STUB, DagSpec, Producer, Schedule, Sensor, Task

DAILY = Schedule(cron="10 0 * * *", grain="day")
ROUNDS = 7


def a_spec(number: int, tasks: int, sensors: int) -> DagSpec:
    """A DAG spec like the compiler's: each task reads up to two earlier ones, and some read another team's assets."""
    waits = tuple(
        Sensor(
            task_id=f"wait_for__hard_dependencies.dim_{i}",
            group="wait_for__hard_dependencies",
            dependency="hard",
            team="shipping",
            asset=f"dim_{i}",
            producer=Producer(
                dag_id="shipping_daily",
                task_id=f"marts.dim_{i}",
                pipeline="daily",
                schedule=DAILY,
                slo_seconds=None,
            ),
            wait_timeout_seconds=43200,
            poll_seconds=300,
        )
        for i in range(sensors)
    )
    names = [f"group_{i % 5}.model_{i}" for i in range(tasks)]
    return DagSpec(
        dag_id=f"team_{number}_daily",
        team=f"team_{number}",
        pipeline="daily",
        doc="A team.",
        tags=("daily",),
        channel=None,
        alert_tags=(),
        alert_channel="log",
        alert_connection="slack_default",
        airflow_connection="dbt_scheduler_airflow",
        schedule=DAILY,
        catchup=False,
        max_active_runs=4,
        registry_url=None,
        sensors=waits,
        tasks=tuple(a_task(number, names, i, waits) for i in range(tasks)),
    )


def a_task(number: int, names: list[str], i: int, waits: tuple[Sensor, ...]) -> Task:
    """The i-th task of a spec."""
    above = sorted({names[j] for j in (i // 2, i - 1) if 0 <= j < i})
    if i < len(waits):
        above.append(waits[i].task_id)
    return Task(
        task_id=names[i],
        group=names[i].partition(".")[0],
        kind="dbt",
        operator="dbt_scheduler.airflow.operators.CommandOperator",
        arguments={
            "command": ["dbt", "build", "--select", f"fqn:team_{number}.{names[i]}", "--no-write-json"],
            "cwd": "../../teams/team",
            "env": {"DBT_SCHEDULER_DATA_INTERVAL_START": "{{ data_interval_start.isoformat() }}"},
        },
        upstream=tuple(above),
        assets=(f"team_{number}.model_{i}",),
        reads=tuple(f"team_{number}.{name.partition('.')[2]}" for name in above),
        doc="A model.",
        retries=2,
        retry_delay_seconds=300,
        timeout_seconds=7200,
        pool="dbt_scheduler",
        signals=True,
    )


def by_hand(spec: DagSpec) -> DAG:
    """The floor: the same tasks and edges with only Airflow's own operators."""
    dag = DAG(
        spec.dag_id,
        schedule=CronDataIntervalTimetable(spec.schedule.cron, spec.schedule.timezone),
        start_date=datetime(2025, 1, 1, tzinfo=UTC),
    )
    groups = {item.group: None for item in (*spec.sensors, *spec.tasks)}
    groups = {name: TaskGroup(name, dag=dag) for name in groups}
    built = {}
    for wait in spec.sensors:
        built[wait.task_id] = ExternalTaskSensor(
            task_id=wait.asset,
            task_group=groups[wait.group],
            dag=dag,
            external_dag_id=wait.producer.dag_id,
            external_task_id=wait.producer.task_id,
            deferrable=True,
        )
    for task in spec.tasks:
        built[task.task_id] = BashOperator(
            task_id=task.task_id.partition(".")[2],
            task_group=groups[task.group],
            dag=dag,
            bash_command=" ".join(task.arguments["command"]),
            env=task.arguments["env"],
            retries=task.retries,
            retry_delay=timedelta(seconds=task.retry_delay_seconds),
            execution_timeout=timedelta(seconds=task.timeout_seconds),
            max_active_tis_per_dag=1,
            trigger_rule="none_failed",
        )
    for task in spec.tasks:
        if task.upstream:
            built[task.task_id].set_upstream([built[name] for name in task.upstream])
    return dag


def best(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest round."""
    rounds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        rounds.append(time.process_time() - begun)
    return min(rounds)


def main() -> None:
    """Print the table."""
    folder = Path(tempfile.mkdtemp(prefix="specs_"))
    one = a_spec(0, 100, 15)
    platform = [a_spec(number, 100, 15) for number in range(1, 21)]
    stubs = {}
    for spec in (one, *platform):
        (folder / f"{spec.dag_id}.json").write_bytes(msgspec.json.encode(spec))
        stubs[spec.dag_id] = folder / f"{spec.dag_id}.py"
        stubs[spec.dag_id].write_text(STUB)
    rows = [
        ("one DAG, 100 tasks, 15 sensors", [one]),
        ("20 DAGs, 2,000 tasks, 300 sensors", platform),
    ]
    out = sys.stdout
    out.write(f"import airflow and its sdk       {IMPORT_AIRFLOW:7.3f} CPU s\n")
    out.write(f"import the standard provider     {IMPORT_PROVIDER:7.3f}\n")
    out.write(f"import dbt_scheduler.airflow     {IMPORT_OURS:7.3f}\n\n")
    out.write(f"{'':36}{'load_dag':>10}{'by hand':>10}{'ratio':>8}\n")
    for title, specs in rows:
        ours = best(lambda specs=specs: [load_dag(str(stubs[spec.dag_id])) for spec in specs])
        floor = best(lambda specs=specs: [by_hand(spec) for spec in specs])
        out.write(f"{title:36}{ours:10.4f}{floor:10.4f}{ours / floor:8.2f}\n")


if __name__ == "__main__":
    main()

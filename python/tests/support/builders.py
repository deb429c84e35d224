"""Builders of specs and registry entries: a test sets only the relevant fields."""

import sys
from typing import Any

from msgspec.structs import replace

from dbt_scheduler.registry.entry import (
    EXTERNAL_FORMAT_VERSION,
    FORMAT_VERSION,
    AssetPipeline,
    Consumed,
    Contact,
    Entry,
    Produced,
)
from dbt_scheduler.spec import DagSpec, Producer, Schedule, Sensor, Task

HOURLY = Schedule(cron="5 * * * *", grain="hour", start_date="2025-01-01")
DAILY = Schedule(cron="10 0 * * *", grain="day", start_date="2025-01-01")
SCHEDULES = {"hourly": HOURLY, "daily": DAILY}
COMMAND = "dbt_scheduler.airflow.operators.CommandOperator"


def python(code: str) -> list[str]:
    """A command that runs a line of Python."""
    return [sys.executable, "-c", code]


def a_task(task_id: str, *, upstream: tuple[str, ...] = (), **rest: Any) -> Task:
    """A task that prints its name, or fails with ``fails=True``."""
    code = "raise SystemExit(3)" if rest.pop("fails", False) else f"print({task_id!r})"
    command = rest.pop("command", None) or python(code)
    values: dict[str, Any] = {
        "group": task_id.rpartition(".")[0] or None,
        "kind": "dbt",
        "operator": COMMAND,
        "arguments": {"command": command, "cwd": ".", "env": rest.pop("env", {})},
        "retries": 0,
        "retry_delay_seconds": 0,
        "timeout_seconds": 60,
        **rest,
    }
    return Task(task_id=task_id, upstream=upstream, **values)


def a_wait(asset: str, *, pipeline: str = "daily", task_id: str | None = None, **rest: Any) -> Sensor:
    """A sensor for the team ``shipping``'s asset, produced by the task of the same name in the group ``marts``."""
    dependency = rest.pop("dependency", "hard")
    group = f"wait_for__{dependency}_dependencies"
    producer = Producer(
        dag_id=f"shipping_{pipeline}",
        task_id=task_id or f"marts.{asset}",
        pipeline=pipeline,
        schedule=rest.pop("schedule", SCHEDULES[pipeline]),
        slo_seconds=rest.pop("slo_seconds", None),
    )
    if dag_id := rest.pop("dag_id", None):
        producer = replace(producer, dag_id=dag_id, external=True)
    values: dict[str, Any] = {"wait_timeout_seconds": 3600, "poll_seconds": 300, "team": "shipping", **rest}
    return Sensor(
        task_id=f"{group}.{asset}",
        group=group,
        dependency=dependency,
        asset=asset,
        producer=producer,
        **values,
    )


def a_spec(*tasks: Task, pipeline: str = "daily", team: str = "playground", **rest: Any) -> DagSpec:
    """A DAG of a team, in a pipeline."""
    values: dict[str, Any] = {
        "doc": f"{team}, {pipeline}",
        "tags": (team,),
        "channel": None,
        "alert_tags": (),
        "alert_channel": "log",
        "alert_connection": "slack_default",
        "airflow_connection": "dbt_scheduler_airflow",
        "schedule": SCHEDULES[pipeline],
        "catchup": False,
        "max_active_runs": 4,
        "registry_url": None,
        "sensors": (),
        **rest,
    }
    return DagSpec(dag_id=f"{team}_{pipeline}", team=team, pipeline=pipeline, tasks=tasks, **values)


def an_entry(
    asset: str, *pipelines: str, team: str = "shipping", group: str | None = "marts", **rest: Any
) -> Entry:
    """A registry entry of a team with one exposed asset."""
    slo_seconds = rest.pop("slo_seconds", None)
    schedules = rest.pop("schedules", SCHEDULES)
    produced = Produced(
        dag_prefix=team,
        task_group=group,
        task_id=rest.pop("task_id", asset),
        pipeline=pipelines[0],
        slo_seconds=slo_seconds,
        pipelines={name: AssetPipeline(slo_seconds=slo_seconds, exposed=True) for name in pipelines},
        exposed=True,
        relation=None,
        columns={},
        **rest,
    )
    return Entry(
        format_version=EXTERNAL_FORMAT_VERSION if produced.dag_id else FORMAT_VERSION,
        dag_prefix=team,
        contact=Contact(channel=f"#{team}"),
        pipelines={name: schedules[name] for name in pipelines},
        produced={asset: produced},
        consumed={},
    )


def a_wait_entry(consumer: DagSpec) -> Entry:
    """The registry entry of a team with one DAG and no assets that others read."""
    consumed: dict[str, dict[str, tuple[Consumed, ...]]] = {}
    for sensor in consumer.sensors:
        for task in consumer.tasks:
            if sensor.task_id in task.upstream:
                reader = Consumed(
                    pipeline=consumer.pipeline,
                    producer_pipeline=sensor.producer.pipeline,
                    task_group=task.group,
                    task_id=task.task_id.rpartition(".")[2],
                    sensor_task_id=sensor.task_id,
                    dependency=sensor.dependency,
                )
                assets = consumed.setdefault(sensor.team, {})
                assets[sensor.asset] = (*assets.get(sensor.asset, ()), reader)
    return Entry(
        dag_prefix=consumer.team,
        contact=Contact(channel=f"#{consumer.team}"),
        pipelines={consumer.pipeline: consumer.schedule},
        produced={},
        consumed=consumed,
    )

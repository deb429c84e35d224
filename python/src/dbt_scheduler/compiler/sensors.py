"""The sensors of a DAG, and the number of active runs it needs so that waiting runs never deadlock."""

import math

from dbt_scheduler.config.types import PlatformConfig
from dbt_scheduler.graph.lineage import DagGraph
from dbt_scheduler.graph.task_ids import SENSOR_GROUPS, sensor_task_ids
from dbt_scheduler.project.types import DependencyKind
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.producer import producer_in
from dbt_scheduler.schedule import cadence_seconds, wait_lag_seconds
from dbt_scheduler.spec import Schedule, Sensor
from dbt_scheduler.waits.deadline import patience_seconds

_MOST_ACTIVE_RUNS = 1000
"""A limit, because another team's SLO must not determine how much of Airflow this DAG uses."""


def make_sensors(
    dag: DagGraph, directory: Directory, platform: PlatformConfig, upstream: tuple[str, ...]
) -> tuple[Sensor, ...]:
    """One sensor for each asset and dependency kind that the DAG's tasks wait for, sorted by task_id."""
    ids = sensor_task_ids(dag)
    return tuple(
        Sensor(
            task_id=ids[wait],
            group=SENSOR_GROUPS[wait.dependency],
            dependency=str(wait.dependency),
            team=wait.key.team,
            asset=wait.key.asset,
            producer=producer_in(
                directory.entries[wait.key.team], directory.produced(wait.key), wait.producer_pipeline
            ),
            upstream=upstream,
            wait_timeout_seconds=platform.defaults.wait_timeout_seconds,
            poll_seconds=platform.defaults.poll_interval_seconds,
        )
        for wait in sorted(ids, key=ids.__getitem__)
    )


def active_runs(sensors: tuple[Sensor, ...], schedule: Schedule, configured: int) -> int:
    """The configured number of active runs, or more if waiting runs could block the awaited run.

    That takes at least the longest hard wait, counted in runs of this DAG, plus two.
    """
    waits = [
        _longest_wait_seconds(sensor, schedule)
        for sensor in sensors
        if sensor.dependency == DependencyKind.HARD
    ]
    if not waits:
        return configured
    needed = math.ceil(max(waits) / cadence_seconds(schedule)) + 2
    return max(configured, min(needed, _MOST_ACTIVE_RUNS))


def _longest_wait_seconds(sensor: Sensor, schedule: Schedule) -> int:
    """The longest time from the start of a run until its sensor times out, if both start on time."""
    lag = max(0, wait_lag_seconds(schedule, sensor.producer.schedule))
    return lag + patience_seconds(sensor.wait_timeout_seconds, sensor.producer)

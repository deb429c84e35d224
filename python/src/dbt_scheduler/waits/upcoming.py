"""Computes the waits of the next runs from the schedules alone, without Airflow."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec

from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.schedule import Interval, runs_due_from, scheduled_time
from dbt_scheduler.spec import DagSpec, Schedule, Sensor
from dbt_scheduler.waits.deadline import ready_by, wait_deadline
from dbt_scheduler.waits.decision import Status, awaited_in, decide
from dbt_scheduler.waits.wait import NoProducer, Wait

FindWait = Callable[[Sensor], Wait | NoProducer]
"""The producer that a sensor currently waits for."""


class UpcomingProducerRun(msgspec.Struct, frozen=True, kw_only=True):
    """The run of a producer's task that a sensor waits for; times are in UTC.

    ``due`` is when the run should start. ``gives_up`` assumes that the sensor starts on time.
    """

    dag_id: str
    task_id: str
    pipeline: str
    schedule: Schedule
    logical_date: datetime
    due: datetime
    ready_by: datetime | None
    gives_up: datetime


class UpcomingWait(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor in a run. ``note`` is the reason if there is no ``producer``."""

    sensor_task_id: str
    dependency: str
    team: str
    asset: str
    producer: UpcomingProducerRun | None
    note: str = ""


class UpcomingRun(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduled run of the consumer; times are in UTC."""

    logical_date: datetime
    due: datetime
    waits: tuple[UpcomingWait, ...]


def upcoming(
    spec: DagSpec, sensors: Sequence[Sensor], find_wait: FindWait, start: datetime
) -> Iterator[UpcomingRun]:
    """The scheduled runs due from a moment on, without end, with the waits of each sensor."""
    waits = [(sensor, find_wait(sensor)) for sensor in sensors]
    for interval in runs_due_from(spec.schedule, start):
        yield UpcomingRun(
            logical_date=interval.start,
            due=scheduled_time(interval),
            waits=tuple(_upcoming(sensor, wait, interval) for sensor, wait in waits),
        )


def sensors_on(spec: DagSpec, asset: str | None) -> tuple[Sensor, ...]:
    """The sensors of a DAG, or those of one asset: its name, ``team.asset``, or the task_id of the sensor.

    Raises UsageError if the DAG does not wait for that asset.
    """
    if asset is None:
        return spec.sensors
    found = tuple(
        each for each in spec.sensors if asset in (each.asset, f"{each.team}.{each.asset}", each.task_id)
    )
    if not found:
        raise _why_not(spec, asset)
    return found


def _why_not(spec: DagSpec, asset: str) -> UsageError:
    if any(asset in _names(task.assets) for task in spec.tasks):
        return UsageError(f"{spec.dag_id} does not wait for {asset}: one of its own tasks produces it")
    if any(asset in _names(task.reads) for task in spec.tasks):
        return UsageError(f"{spec.dag_id} reads {asset} without waiting for it (no_wait)")
    hint = did_you_mean(asset, {sensor.asset for sensor in spec.sensors})
    return UsageError(f'{spec.dag_id} does not wait for "{asset}"', hint)


def _names(keys: Sequence[str]) -> set[str]:
    """For ``team.asset``: the full and the bare name."""
    return {*keys, *(key.partition(".")[2] for key in keys)}


def _upcoming(sensor: Sensor, wait: Wait | NoProducer, interval: Interval) -> UpcomingWait:
    target, note = _target(sensor, wait, interval)
    return UpcomingWait(
        sensor_task_id=sensor.task_id,
        dependency=sensor.dependency,
        team=sensor.team,
        asset=sensor.asset,
        producer=target,
        note=note,
    )


def _target(
    sensor: Sensor, wait: Wait | NoProducer, interval: Interval
) -> tuple[UpcomingProducerRun | None, str]:
    """The producer's run that the sensor waits for in a run, or why it does not wait."""
    if isinstance(wait, NoProducer):
        return None, wait.reason
    producer, awaited = wait.producer, awaited_in(wait, interval)
    if decide(awaited, ()).status is Status.DONE:
        return None, f"not waiting: {producer.dag_id} starts on {producer.schedule.start_date}"
    target = UpcomingProducerRun(
        dag_id=producer.dag_id,
        task_id=producer.task_id,
        pipeline=producer.pipeline,
        schedule=producer.schedule,
        logical_date=awaited.interval.start,
        due=scheduled_time(awaited.interval),
        ready_by=ready_by(producer, awaited.interval),
        gives_up=wait_deadline(
            sensor.wait_timeout_seconds, producer, awaited.interval, started=scheduled_time(interval)
        ),
    )
    return target, ""

"""Works out the waits of the next runs: the calendar alone decides, so nobody has to be asked."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

import msgspec

from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.registry.producer import NoProducerError, slo_deadline, wait_deadline
from dbt_scheduler.schedule import (
    Interval,
    awaited_interval,
    before_start,
    next_tick,
    previous_tick,
    run_interval,
    scheduled_time,
)
from dbt_scheduler.spec import DagSpec, Producer, Schedule, Sensor

_MOMENT = timedelta(microseconds=1)

FindProducer = Callable[[Sensor], Producer]
"""The task that a sensor waits for now; may raise NoProducerError."""


class ProducerRun(msgspec.Struct, frozen=True, kw_only=True):
    """The run of a producer's task that a sensor waits for; moments in UTC.

    ``due`` is when the run is to start. ``wait_deadline`` supposes that the sensor starts on time.
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
    """One sensor in one run. ``note`` says why it waits for nothing, where it has no ``producer``."""

    sensor_task_id: str
    dependency: str
    team: str
    asset: str
    producer: ProducerRun | None
    note: str = ""


class UpcomingRun(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduled run of the consumer; moments in UTC."""

    logical_date: datetime
    due: datetime
    waits: tuple[UpcomingWait, ...]


def upcoming(
    spec: DagSpec, sensors: Sequence[Sensor], find_producer: FindProducer, start: datetime
) -> Iterator[UpcomingRun]:
    """The scheduled runs that are due from a moment on, without end, with what each of the sensors awaits."""
    producers = [(sensor, _found(sensor, find_producer)) for sensor in sensors]
    for interval in _runs(spec.schedule, start):
        yield UpcomingRun(
            logical_date=interval.start,
            due=scheduled_time(interval),
            waits=tuple(_wait(spec, interval, sensor, producer) for sensor, producer in producers),
        )


def sensors_on(spec: DagSpec, asset: str | None) -> tuple[Sensor, ...]:
    """The sensors of a DAG, or those on one asset: its name, ``team.asset``, or the sensor's task id.

    Raises UsageError with a sentence when the DAG does not wait for that asset.
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
        return UsageError(f"{spec.dag_id} does not wait for {asset}: one of its own tasks makes it")
    if any(asset in _names(task.reads) for task in spec.tasks):
        return UsageError(f"{spec.dag_id} reads {asset} without waiting for it (no_wait)")
    hint = did_you_mean(asset, {sensor.asset for sensor in spec.sensors})
    return UsageError(f'{spec.dag_id} does not wait for "{asset}"', hint)


def _names(keys: Sequence[str]) -> set[str]:
    """Of ``team.asset``: that and the bare name."""
    return {*keys, *(key.partition(".")[2] for key in keys)}


def _found(sensor: Sensor, find_producer: FindProducer) -> Producer | str:
    try:
        return find_producer(sensor)
    except NoProducerError as error:
        return str(error)


def _wait(spec: DagSpec, interval: Interval, sensor: Sensor, producer: Producer | str) -> UpcomingWait:
    target, note = None, ""
    if isinstance(producer, str):
        note = producer
    else:
        run = awaited_interval(spec.schedule, interval, producer.schedule)
        if before_start(producer.schedule, run):
            note = f"nothing: {producer.dag_id} starts on {producer.schedule.start_date}"
        else:
            target = ProducerRun(
                dag_id=producer.dag_id,
                task_id=producer.task_id,
                pipeline=producer.pipeline,
                schedule=producer.schedule,
                logical_date=run.start,
                due=scheduled_time(run),
                ready_by=slo_deadline(producer, run),
                gives_up=wait_deadline(sensor, producer, run, started=scheduled_time(interval)),
            )
    return UpcomingWait(
        sensor_task_id=sensor.task_id,
        dependency=sensor.dependency,
        team=sensor.team,
        asset=sensor.asset,
        producer=target,
        note=note,
    )


def _runs(schedule: Schedule, start: datetime) -> Iterator[Interval]:
    """The scheduled runs whose data interval ends at a moment or later, in order."""
    first = next(
        run for run in _from(schedule, _two_ticks_before(schedule, start)) if scheduled_time(run) >= start
    )
    for run in _from(schedule, first.start):
        if not before_start(schedule, run):
            yield run


def next_run(schedule: Schedule, after: datetime) -> Interval:
    """The first scheduled run that is due later than a moment."""
    return next(islice(_runs(schedule, after + _MOMENT), 1))


def _two_ticks_before(schedule: Schedule, moment: datetime) -> datetime:
    # Two, because in an hour that the clock repeats the previous tick may be a later one. See previous_tick.
    tick = previous_tick(schedule, previous_tick(schedule, moment) - _MOMENT)
    return tick if tick < moment else previous_tick(schedule, tick - timedelta(hours=3))


def _from(schedule: Schedule, tick: datetime) -> Iterator[Interval]:
    run = run_interval(schedule, tick)
    while True:
        yield run
        run = Interval(run.end, next_tick(schedule, run.end))

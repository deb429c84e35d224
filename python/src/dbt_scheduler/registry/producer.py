"""Which task makes an asset at this moment, and how long a sensor waits for it: as the sensor itself decides."""

from datetime import datetime, timedelta

import msgspec

from dbt_scheduler.findings.printable import one_line
from dbt_scheduler.registry.entry import Entry, Produced, dag_id, find_produced, full_task_id
from dbt_scheduler.schedule import Interval, pick_pipeline, scheduled_time
from dbt_scheduler.spec import DagSpec, Producer, Schedule, Sensor


class ConsumerDag(msgspec.Struct, frozen=True):
    """The DAG that waits: its pipeline, and whether it is the producing team's own."""

    pipeline: str
    schedule: Schedule
    own: bool


class NoProducerError(Exception):
    """The registry says that nobody makes the asset any more; the message says so to people."""


def current_producer(entry: Entry | None, wait: Sensor, consumer: DagSpec) -> Producer:
    """The task to wait for now, so that a producer may move it to another group or pipeline on its own.

    ``entry`` is the producing team's. The task that was compiled in serves when there is none.
    Raises NoProducerError when the team is there, but the asset is not.
    """
    if entry is None:
        return wait.producer
    found = find_produced(entry, wait.asset)
    if found is None:
        raise NoProducerError(
            f"{wait.team} no longer makes {wait.asset}. Ask {one_line(entry.contact.channel or wait.team)}."
        )
    return producer_in(
        entry, found[1], ConsumerDag(consumer.pipeline, consumer.schedule, own=wait.team == consumer.team)
    )


def slo_deadline(producer: Producer, run: Interval) -> datetime | None:
    """By when a run of the producer has promised the asset; None without an SLO."""
    if producer.slo_seconds is None:
        return None
    return scheduled_time(run) + timedelta(seconds=producer.slo_seconds)


def patience_seconds(wait: Sensor, producer: Producer) -> int:
    """How long a sensor waits at least: the producer's SLO, or the platform's wait timeout without one."""
    return wait.wait_timeout_seconds if producer.slo_seconds is None else producer.slo_seconds


def wait_deadline(wait: Sensor, producer: Producer, run: Interval, started: datetime) -> datetime:
    """When a sensor that started at a moment stops waiting for that run of the producer.

    Its patience counts from the later of two moments: when the producer's run is due, and its own start.
    """
    return max(scheduled_time(run), started) + timedelta(seconds=patience_seconds(wait, producer))


def producer_in(entry: Entry, made: Produced, consumer: ConsumerDag) -> Producer:
    """The task of a team's entry that a sensor of the consumer's DAG waits for."""
    pipelines = made.pipelines
    if not consumer.own:
        # An asset that is no longer exposed is still made: waiting for it is better than not.
        pipelines = {name: each for name, each in pipelines.items() if each.exposed} or pipelines
    schedules = {name: entry.pipelines[name] for name in pipelines}
    name = pick_pipeline(consumer.pipeline, consumer.schedule, schedules)
    return Producer(
        dag_id=dag_id(made.dag_prefix, name),
        task_id=full_task_id(made.task_group, made.task_id),
        pipeline=name,
        schedule=schedules[name],
        slo_seconds=pipelines[name].slo_seconds,
    )

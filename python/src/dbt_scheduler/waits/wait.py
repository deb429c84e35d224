"""Who waits for what: from the registry's entries to the sensors, and the runs of theirs, that wait for a task."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from dbt_scheduler.registry.entry import Entry, dag_id, find_produced
from dbt_scheduler.registry.producer import ConsumerDag, producer_in
from dbt_scheduler.schedule import Interval, awaited_interval, period
from dbt_scheduler.spec import Producer, Schedule

_EARLY = timedelta(days=1)
"""A manual run may carry a date that lies ahead, and so exist before the period that it needs is over."""


class WaitingSensor(msgspec.Struct, frozen=True):
    """A sensor of a team's DAG."""

    team: str
    dag_id: str
    task_id: str
    schedule: Schedule


class Wait(msgspec.Struct, frozen=True):
    """A sensor, and the task that makes what it waits for."""

    consumer: WaitingSensor
    team: str
    asset: str
    producer: Producer


def all_waits(entries: Mapping[str, Entry]) -> tuple[Wait, ...]:
    """Every wait of every team, each sensor once, in a stable order; two teams may name the same sensor.

    A wait whose producer the registry does not have is left out: its sensor says so itself.
    """
    found = {
        (wait.consumer.dag_id, wait.consumer.task_id, wait.consumer.team): wait for wait in _waits(entries)
    }
    return tuple(wait for _, wait in sorted(found.items(), key=lambda item: item[0]))


def waits_for(
    entries: Mapping[str, Entry], team: str, assets: Iterable[str], pipeline: str
) -> tuple[Wait, ...]:
    """The waits for assets of a team, by their names in the registry, that a pipeline's run ends."""
    names = frozenset(assets)
    return tuple(
        wait
        for wait in all_waits(entries)
        if wait.team == team and wait.asset in names and wait.producer.pipeline == pipeline
    )


def ends_the_wait(wait: Wait, waiting: Interval, made: Interval) -> bool:
    """Whether a run of the consumer waits for the period of a run of the producer; data intervals of both."""
    producer = wait.producer.schedule
    return period(producer, awaited_interval(wait.consumer.schedule, waiting, producer)) == period(
        producer, made
    )


def earliest_run_after(producer: Schedule, made: Interval) -> datetime:
    """No run that waits for a run of the producer is due earlier, as Airflow counts (``run_after``)."""
    return period(producer, made).end - _EARLY


def _waits(entries: Mapping[str, Entry]) -> Iterator[Wait]:
    for consuming, entry in sorted(entries.items()):
        for team, assets in entry.consumed.items():
            if team not in entries:
                continue
            for asset, readers in assets.items():
                found = find_produced(entries[team], asset)
                if found is None:
                    continue
                producers: dict[
                    str, Producer
                ] = {}  # by the reader's pipeline: an entry may have very many readers
                for reader in readers:
                    if reader.sensor_task_id is None or reader.pipeline not in entry.pipelines:
                        continue
                    consumer = WaitingSensor(
                        consuming,
                        dag_id(entry.dag_prefix, reader.pipeline),
                        reader.sensor_task_id,
                        entry.pipelines[reader.pipeline],
                    )
                    if reader.pipeline not in producers:
                        reading = ConsumerDag(reader.pipeline, consumer.schedule, own=team == consuming)
                        producers[reader.pipeline] = producer_in(entries[team], found[1], reading)
                    yield Wait(consumer, team, found[0], producers[reader.pipeline])

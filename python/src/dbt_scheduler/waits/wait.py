"""Resolves waits: a sensor, and the task that currently produces its asset."""

from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from dbt_scheduler.findings.printable import one_line
from dbt_scheduler.registry.entry import AssetKey, Entry, dag_id, find_produced
from dbt_scheduler.registry.producer import producer_of
from dbt_scheduler.spec import DagSpec, Producer, Schedule, Sensor


class Wait(msgspec.Struct, frozen=True):
    """A sensor of a team's DAG, its asset as the producer's entry names it, and the producing task.

    ``external`` if the sensor's DAG is hand-written.
    """

    team: str
    dag_id: str
    task_id: str
    schedule: Schedule
    asset: AssetKey
    producer: Producer
    external: bool = False


class NoProducer(msgspec.Struct, frozen=True):
    """The asset is no longer produced, or, if ``hidden``, the user must not see by whom; ``reason`` is a message."""

    reason: str
    hidden: bool = False


def wait_of(sensor: Sensor, consumer: DagSpec, entry: Entry | None) -> Wait | NoProducer:
    """Resolve the wait of a sensor: a producer may have moved its task to another group or pipeline.

    ``entry`` is the producing team's. Without one, and for the DAG's own team with another environment's registry, the
    compiled producer is used.
    """
    own = sensor.team == consumer.team
    if entry is not None and own and dag_id(entry.dag_prefix, consumer.pipeline) != consumer.dag_id:
        entry = None
    key, producer = AssetKey(sensor.team, sensor.asset), sensor.producer
    if entry is not None:
        found = find_produced(entry, sensor.asset)
        if found is None:
            return no_producer(sensor.team, sensor.asset, entry)
        key = AssetKey(sensor.team, found[0])
        producer = producer_of(entry, found[1], consumer.pipeline, consumer.schedule, own=own)
    return Wait(consumer.team, consumer.dag_id, sensor.task_id, consumer.schedule, key, producer)


def no_producer(team: str, asset: str, entry: Entry | None) -> NoProducer:
    """The result for an asset that its team no longer produces, with the team to ask."""
    whom = one_line((entry and entry.contact.channel) or team)
    return NoProducer(f"{team} no longer produces {asset}. Ask {whom} for its replacement.")


def registered_waits(entries: Mapping[str, Entry]) -> tuple[Wait, ...]:
    """The waits of all teams, each sensor once, in a stable order; two teams may use the same sensor name.

    Waits for a producer that is not in the registry are left out: their sensors report it.
    """
    return _each_once(_waits(entries, entries))


def waits_for(
    entries: Mapping[str, Entry], team: str, assets: Iterable[str], dag_id: str
) -> tuple[Wait, ...]:
    """The waits for a team's assets that a run of this DAG can end; none if the registry is another environment's."""
    names = frozenset(assets)
    return _each_once(
        wait
        for wait in _waits(entries, (team,))
        if wait.asset.asset in names and wait.producer.dag_id == dag_id
    )


def _each_once(waits: Iterable[Wait]) -> tuple[Wait, ...]:
    found = {(wait.dag_id, wait.task_id, wait.team): wait for wait in waits}
    return tuple(wait for _, wait in sorted(found.items(), key=lambda item: item[0]))


def _waits(entries: Mapping[str, Entry], producing: Collection[str]) -> Iterator[Wait]:
    for consuming, entry in sorted(entries.items()):
        for team, assets in entry.consumed.items():
            for asset in assets if team in producing and team in entries else ():
                yield from _waits_for_asset(entries, consuming, AssetKey(team, asset))


def _waits_for_asset(entries: Mapping[str, Entry], consuming: str, named: AssetKey) -> Iterator[Wait]:
    entry, producing = entries[consuming], entries[named.team]
    found = find_produced(producing, named.asset)
    if found is None:
        return
    key, own = AssetKey(named.team, found[0]), named.team == consuming
    # By the reader's pipeline: an entry may have very many readers.
    producers: dict[str, Producer] = {}
    for reader in entry.consumed[named.team][named.asset]:
        if reader.sensor_task_id is None or reader.pipeline not in entry.pipelines:
            continue
        schedule = entry.pipelines[reader.pipeline]
        if reader.pipeline not in producers:
            producers[reader.pipeline] = producer_of(producing, found[1], reader.pipeline, schedule, own=own)
        dag = dag_id(entry.dag_prefix, reader.pipeline)
        yield Wait(consuming, dag, reader.sensor_task_id, schedule, key, producers[reader.pipeline])

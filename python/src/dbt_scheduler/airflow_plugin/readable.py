"""Restricts the registry to the DAGs that a user is allowed to read."""

from collections.abc import Collection, Iterator, Mapping

from msgspec.structs import replace

from dbt_scheduler.registry.entry import (
    Acknowledged,
    AssetKey,
    Consumed,
    Entry,
    Produced,
    dag_id,
    find_produced,
    is_external,
    making_dag_id,
)
from dbt_scheduler.registry.producer import producer_of
from dbt_scheduler.schedule import most_frequent


def readable_entries(entries: Mapping[str, Entry], dag_ids: Collection[str]) -> dict[str, Entry]:
    """The entries, restricted to the pipelines of these DAGs; teams without any of them are left out.

    If a hidden DAG and a visible one produce an asset, a read from the hidden one is removed too: it would count as a
    read from the visible one.
    """
    return dict(_readable(entries, frozenset(dag_ids)))


def _readable(entries: Mapping[str, Entry], dag_ids: frozenset[str]) -> Iterator[tuple[str, Entry]]:
    for team, entry in entries.items():
        external = is_external(entry)
        produced = {
            asset: found
            for asset, made in entry.produced.items()
            if (found := _produced(made, entry, dag_ids))
        }
        pipelines = {
            name: schedule
            for name, schedule in entry.pipelines.items()
            if (not external and dag_id(entry.dag_prefix, name) in dag_ids)
            or any(name in made.pipelines for made in produced.values())
        }
        if pipelines:
            consumed = {
                producer: {
                    asset: tuple(
                        each
                        for each in _readers_here(entries, team, AssetKey(producer, asset), dag_ids)
                        if each.pipeline in pipelines
                    )
                    for asset in assets
                }
                for producer, assets in entry.consumed.items()
            }
            yield (
                team,
                replace(
                    entry,
                    pipelines=pipelines,
                    produced=produced,
                    consumed=_without_empty(consumed),
                    acknowledged_changes=tuple(_acknowledged(entry, pipelines, produced)),
                ),
            )


def _produced(made: Produced, entry: Entry, dag_ids: frozenset[str]) -> Produced | None:
    pipelines = {name: each for name, each in made.pipelines.items() if making_dag_id(made, name) in dag_ids}
    if not pipelines:
        return None
    if len(pipelines) == len(made.pipelines):
        return made
    main = made.pipeline
    if main not in pipelines:
        main = most_frequent({name: entry.pipelines[name] for name in pipelines})
    exposed = any(each.exposed for each in pipelines.values())
    slo = pipelines[main].slo_seconds
    held_up_by = {name: asset for name, asset in made.held_up_by.items() if name in pipelines}
    return replace(
        made, pipelines=pipelines, pipeline=main, slo_seconds=slo, exposed=exposed, held_up_by=held_up_by
    )


def _readers_here(
    entries: Mapping[str, Entry], team: str, read: AssetKey, dag_ids: frozenset[str]
) -> Iterator[Consumed]:
    """A team's consumers, without those that read a hidden DAG's output of an asset that a visible DAG produces too."""
    entry = entries[team]
    # By the reader's pipeline: an entry may have very many readers.
    elsewhere: dict[str, bool] = {}
    for reader in entry.consumed[read.team][read.asset]:
        if reader.pipeline not in elsewhere:
            known = reader.pipeline in entry.pipelines
            elsewhere[reader.pipeline] = known and _reads_elsewhere(
                entries, team, read, reader.pipeline, dag_ids
            )
        if not elsewhere[reader.pipeline]:
            yield reader


def _reads_elsewhere(
    entries: Mapping[str, Entry], team: str, read: AssetKey, pipeline: str, dag_ids: frozenset[str]
) -> bool:
    """Whether a pipeline reads an asset from a hidden DAG that a visible DAG produces too."""
    producing = entries.get(read.team)
    found = find_produced(producing, read.asset) if producing else None
    if producing is None or found is None:
        return False
    readable = [making_dag_id(found[1], name) in dag_ids for name in found[1].pipelines]
    if all(readable) or not any(readable):
        return False
    schedule = entries[team].pipelines[pipeline]
    producer = producer_of(producing, found[1], pipeline, schedule, own=read.team == team)
    return producer.dag_id not in dag_ids


def _acknowledged(
    entry: Entry, pipelines: Collection[str], produced: Mapping[str, Produced]
) -> Iterator[Acknowledged]:
    """The acknowledged changes, without those of assets that a hidden DAG of the team produces, or may have produced."""
    whole = len(pipelines) == len(entry.pipelines)
    for each in entry.acknowledged_changes:
        shown = produced.get(each.asset)
        if whole or (shown is not None and shown is entry.produced[each.asset]):
            yield each


def _without_empty(
    consumed: dict[str, dict[str, tuple[Consumed, ...]]],
) -> dict[str, dict[str, tuple[Consumed, ...]]]:
    kept = {
        team: {asset: found for asset, found in assets.items() if found} for team, assets in consumed.items()
    }
    return {team: assets for team, assets in kept.items() if assets}

"""What of the registry a user may see: that of the DAGs which Airflow lets the user read."""

from collections.abc import Collection, Iterator, Mapping

from msgspec.structs import replace

from dbt_scheduler.registry.entry import Consumed, Entry, Produced, dag_id, making_dag_id
from dbt_scheduler.schedule import most_frequent


def readable_entries(entries: Mapping[str, Entry], dag_ids: Collection[str]) -> dict[str, Entry]:
    """The entries, each with the pipelines of these DAGs only; a team with none of them is left out."""
    return dict(_readable(entries, frozenset(dag_ids)))


def _readable(entries: Mapping[str, Entry], dag_ids: frozenset[str]) -> Iterator[tuple[str, Entry]]:
    for team, entry in entries.items():
        produced = {
            asset: found
            for asset, made in entry.produced.items()
            if (found := _produced(made, entry, dag_ids))
        }
        pipelines = {
            name: schedule
            for name, schedule in entry.pipelines.items()
            if dag_id(entry.dag_prefix, name) in dag_ids
            or any(name in made.pipelines for made in produced.values())
        }
        if pipelines:
            consumed = {
                producer: {asset: tuple(_consumed(readers, pipelines)) for asset, readers in assets.items()}
                for producer, assets in entry.consumed.items()
            }
            yield (
                team,
                replace(entry, pipelines=pipelines, produced=produced, consumed=_without_empty(consumed)),
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
    return replace(made, pipelines=pipelines, pipeline=main, slo_seconds=slo, exposed=exposed)


def _consumed(readers: tuple[Consumed, ...], pipelines: Collection[str]) -> Iterator[Consumed]:
    return (each for each in readers if each.pipeline in pipelines)


def _without_empty(
    consumed: dict[str, dict[str, tuple[Consumed, ...]]],
) -> dict[str, dict[str, tuple[Consumed, ...]]]:
    kept = {
        team: {asset: found for asset, found in assets.items() if found} for team, assets in consumed.items()
    }
    return {team: assets for team, assets in kept.items() if assets}

"""The upstream assets of an asset, from registry entries alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from typing import TypeVar

import msgspec

from dbt_scheduler.registry.entry import AssetPipeline, Entry, find_produced

_Waits = Mapping[tuple[str, str], set["PipelineAsset"]]
"""The assets that a team's sensors wait for, by pipeline and task_id."""


_Step = TypeVar("_Step", str, "PipelineAsset")
_MOST_CYCLES = 20
_STEPS = 200_000
"""The maximum number of waits of a graph that is searched repeatedly, once per cycle."""


class PipelineAsset(msgspec.Struct, frozen=True, order=True):
    """An asset in one pipeline."""

    team: str
    asset: str
    pipeline: str

    @property
    def name(self) -> str:
        """The asset as findings name it, ``team.asset``."""
        return f"{self.team}.{self.asset}"

    def __str__(self) -> str:
        return f"{self.name} ({self.pipeline})"


class Upstream:
    """Finds upstream assets of any team; a team's waits are indexed on first use."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._waits: dict[str, _Waits] = {}

    def promise(self, made: PipelineAsset) -> AssetPipeline | None:
        """The registry's data; None if there is none: a consumer's entry may be older than the producer's."""
        entry = self._entries.get(made.team)
        produced = entry.produced.get(made.asset) if entry and made.pipeline in entry.pipelines else None
        return produced.pipelines.get(made.pipeline) if produced else None

    def of(self, made: PipelineAsset) -> set[PipelineAsset]:
        """The assets that the producing task waits for, directly or through upstream tasks of its DAG."""
        promise = self.promise(made)
        if promise is None or not promise.waits:
            return set()
        if made.team not in self._waits:
            self._waits[made.team] = self._waits_of(self._entries[made.team])
        waits = self._waits[made.team]
        return {need for sensor in promise.waits for need in waits.get((made.pipeline, sensor), ())}

    def _waits_of(self, entry: Entry) -> _Waits:
        found: dict[tuple[str, str], set[PipelineAsset]] = defaultdict(set)
        for producer, assets in entry.consumed.items():
            for asset, readers in assets.items():
                name = current_asset_name(self._entries, producer, asset)
                for reader in readers:
                    if reader.sensor_task_id:
                        waited = PipelineAsset(producer, name, reader.producer_pipeline)
                        found[reader.pipeline, reader.sensor_task_id].add(waited)
        return found


def current_asset_name(entries: Mapping[str, Entry], team: str, name: str) -> str:
    """The current name of an asset, which a consumer's entry may have under its name without a version."""
    found = find_produced(entries[team], name) if team in entries else None
    return found[0] if found else name


def find_cycles_behind(entries: Mapping[str, Entry], teams: Iterable[str]) -> Iterator[list[PipelineAsset]]:
    """The first cycles across teams among the assets of these teams and all that these wait for.

    An entry can have any number of cycles, and finding each one takes time.
    """
    needs = Upstream(entries)
    stack = [
        PipelineAsset(team, asset, pipeline)
        for team in teams
        for asset, made in entries[team].produced.items()
        for pipeline in made.pipelines
    ]
    graph: dict[PipelineAsset, set[PipelineAsset]] = {}
    while stack:
        made = stack.pop()
        if made not in graph:
            graph[made] = needs.of(made)
            stack += graph[made]
    most = min(_MOST_CYCLES, 1 + _STEPS // (1 + sum(map(len, graph.values()))))
    return islice(find_cycles(graph), most)


def find_cycles(needs: Mapping[_Step, Collection[_Step]]) -> Iterator[list[_Step]]:
    """Yields cycles, each from its first member in order back to it, and cuts each to find the next.

    ``needs`` maps each task, or asset in a pipeline, to what it depends on.
    """
    # Sorted, because the result depends on the order if there are several cycles.
    left = {name: sorted(parents) for name, parents in sorted(needs.items())}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            loop: list[_Step] = error.args[1][:-1]
            left[loop[1 % len(loop)]].remove(loop[0])
            start: int = loop.index(min(loop))
            yield loop[start:] + loop[: start + 1]
        else:
            return


def format_cycle(loop: Iterable[PipelineAsset], entries: Mapping[str, Entry]) -> str:
    """A cycle across teams, with the channels to ask in."""
    channels = ((step, entries[step.team].contact.channel) for step in loop)
    return " → ".join(f"{step} {channel}" if channel else str(step) for step, channel in channels)

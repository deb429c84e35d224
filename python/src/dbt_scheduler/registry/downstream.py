"""Finds the direct and indirect consumers of an asset from registry entries."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.entry import AssetKey, Consumed, Contact
from dbt_scheduler.registry.upstream import PipelineAsset, current_asset_name


class ConsumerTeam(msgspec.Struct, frozen=True):
    """A team that reads another team's asset, and its reading tasks."""

    team: str
    contact: Contact
    tasks: tuple[Consumed, ...]


class Downstream:
    """Finds consumers in a directory; indexes are built on first use."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._reads: dict[AssetKey, dict[str, tuple[Consumed, ...]]] = defaultdict(dict)
        for team, entry in directory.entries.items():
            for producer, assets in entry.consumed.items():
                for asset, tasks in assets.items():
                    reads = self._reads[
                        AssetKey(producer, current_asset_name(directory.entries, producer, asset))
                    ]
                    reads[team] = reads.get(team, ()) + tasks
        self._behind: dict[str, dict[tuple[str, str], set[PipelineAsset]]] = {}

    def all_teams(self, key: AssetKey) -> tuple[ConsumerTeam, ...]:
        """The teams, including its own, whose tasks read an asset in other DAGs than the producing one; by name."""
        reads = sorted(self._reads.get(key, {}).items())
        return tuple(
            ConsumerTeam(team, self._directory.entries[team].contact, tasks) for team, tasks in reads
        )

    def other_teams(self, key: AssetKey) -> tuple[ConsumerTeam, ...]:
        """The other teams whose tasks read an asset; by name."""
        return tuple(reader for reader in self.all_teams(key) if reader.team != key.team)

    def indirect_teams(self, key: AssetKey, own: Iterable[PipelineAsset] = ()) -> tuple[str, ...]:
        """The other teams that depend on the asset only indirectly; by name.

        ``own`` are the assets that its own DAGs derive from it: the registry only records the assets behind waits. For
        the same reason, nothing downstream of a ``no_wait`` reader counts except the assets of that task.
        """
        direct = {reader.team for reader in self.other_teams(key)}
        reached: set[str] = set()
        stack = [*(PipelineAsset(key.team, key.asset, pipeline) for pipeline in self._pipelines(key)), *own]
        seen = set(stack)
        while stack:
            for team, made in self._next(stack.pop()):
                reached.add(team)
                stack += made - seen
                seen |= made
        return tuple(sorted(reached - direct - {key.team}))

    def _pipelines(self, key: AssetKey) -> set[str]:
        """The pipelines that build it, and those in which consumers read it: a retired asset has no others."""
        waited = {task.producer_pipeline for tasks in self._reads.get(key, {}).values() for task in tasks}
        entry = self._directory.entries.get(key.team)
        made = entry.produced.get(key.asset) if entry else None
        return waited | set(made.pipelines if made else ())

    def _next(self, made: PipelineAsset) -> Iterator[tuple[str, set[PipelineAsset]]]:
        """The teams that read an asset in one pipeline, with their derived assets."""
        for team, tasks in self._reads.get(AssetKey(made.team, made.asset), {}).items():
            # Each once: one sensor may have many downstream tasks, and each of them many assets.
            ids = {_id(task) for task in tasks if task.producer_pipeline == made.pipeline}
            if ids:
                yield team, set().union(*(self._made_of(team, each) for each in ids))

    def _made_of(self, team: str, id_: tuple[str, str]) -> set[PipelineAsset]:
        if team not in self._behind:
            self._behind[team] = self._made_behind(team)
        return self._behind[team].get(id_, set())

    def _made_behind(self, team: str) -> dict[tuple[str, str], set[PipelineAsset]]:
        behind: dict[tuple[str, str], set[PipelineAsset]] = defaultdict(set)
        for asset, produced in self._directory.entries[team].produced.items():
            for pipeline, promise in produced.pipelines.items():
                made = PipelineAsset(team, asset, pipeline)
                behind[pipeline, f"{produced.task_group}/{produced.task_id}"].add(made)
                for sensor in promise.waits:
                    behind[pipeline, sensor].add(made)
        return behind


def _id(task: Consumed) -> tuple[str, str]:
    """A wait is identified by its sensor, a no_wait read by its task."""
    return task.pipeline, task.sensor_task_id or f"{task.task_group}/{task.task_id}"

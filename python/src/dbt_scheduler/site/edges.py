"""Builds the lineage of all teams: asset to asset, and asset to tasks without assets."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from dbt_scheduler.registry.entry import AssetKey, Consumed, dag_id, full_task_id
from dbt_scheduler.registry.upstream import current_asset_name
from dbt_scheduler.site.catalogue import Catalogue
from dbt_scheduler.site.documents import Edges, TaskNode

KINDS = ("plain", "hard", "soft", "no_wait")
"""Within a DAG, and the dependency kinds between DAGs."""

_Makers = Mapping[tuple[str, str | None, str], list[int]]
"""The positions of the assets that a task produces, by its team, group and id."""


def make_edges(catalogue: Catalogue) -> Edges:
    """Every edge once, in a stable order."""
    nodes = _TaskNodes(catalogue)
    found = sorted({*_plain(catalogue), *_waits(catalogue, nodes)})
    return Edges(
        from_=[edge[0] for edge in found],
        to=[edge[1] for edge in found],
        kind=[edge[2] for edge in found],
        tasks=nodes.tasks,
    )


class _TaskNodes:
    """The tasks without assets; positions follow those of the assets, in order of first use."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.tasks: list[TaskNode] = []
        self._catalogue = catalogue
        self._places: dict[TaskNode, int] = {}

    def place(self, team: str, reader: Consumed) -> int:
        prefix = self._catalogue.directory.entries[team].dag_prefix
        task_id = full_task_id(reader.task_group, reader.task_id)
        node = TaskNode(self._catalogue.team_places[team], task_id, dag_id(prefix, reader.pipeline))
        if node not in self._places:
            self._places[node] = len(self._catalogue.assets) + len(self.tasks)
            self.tasks.append(node)
        return self._places[node]


def _plain(catalogue: Catalogue) -> Iterator[tuple[int, int, int]]:
    for key, place in catalogue.asset_places.items():
        for name in catalogue.directory.produced(key).reads:
            read = catalogue.asset_places.get(AssetKey(key.team, name))
            if read is not None:
                yield read, place, 0


def _waits(catalogue: Catalogue, nodes: _TaskNodes) -> Iterator[tuple[int, int, int]]:
    makers, entries = _makers(catalogue), catalogue.directory.entries
    for team, entry in entries.items():
        for producer, assets in entry.consumed.items():
            for asset, readers in assets.items():
                key = AssetKey(producer, current_asset_name(entries, producer, asset))
                read = catalogue.asset_places.get(key)
                if read is None:
                    continue
                for reader in readers:
                    kind = KINDS.index(reader.dependency) if reader.dependency in KINDS else 1
                    made = makers.get((team, reader.task_group, reader.task_id))
                    for place in made or [nodes.place(team, reader)]:
                        yield read, place, kind


def _makers(catalogue: Catalogue) -> _Makers:
    found: dict[tuple[str, str | None, str], list[int]] = defaultdict(list)
    for key, place in catalogue.asset_places.items():
        made = catalogue.directory.produced(key)
        found[key.team, made.task_group, made.task_id].append(place)
    return found

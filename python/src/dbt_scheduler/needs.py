"""What stands behind an asset, from the registry's documents alone: the assets that its task waits for."""

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from dbt_scheduler.registry import AssetPipeline, Entry, find_produced

_Waits = Mapping[tuple[str, str], set["Made"]]
"""What each sensor of a team waits for, by its pipeline and id."""


class Made(msgspec.Struct, frozen=True, order=True):
    """An asset as it is made in one pipeline."""

    team: str
    asset: str
    pipeline: str

    def __str__(self) -> str:
        return f"{self.team}.{self.asset} ({self.pipeline})"


class Needs:
    """Answers for any asset of any team; a team's waits are gathered when first asked for."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._waits: dict[str, _Waits] = {}

    def promise(self, made: Made) -> AssetPipeline | None:
        """What the registry says of it; None where a consumer's entry is older than the producer's."""
        entry = self._entries.get(made.team)
        produced = entry.produced.get(made.asset) if entry and made.pipeline in entry.pipelines else None
        return produced.pipelines.get(made.pipeline) if produced else None

    def of(self, made: Made) -> set[Made]:
        """What the task that makes it waits for, directly or through others of its DAG."""
        promise = self.promise(made)
        if promise is None or not promise.waits:
            return set()
        if made.team not in self._waits:
            self._waits[made.team] = self._waits_of(self._entries[made.team])
        waits = self._waits[made.team]
        return {need for sensor in promise.waits for need in waits.get((made.pipeline, sensor), ())}

    def _waits_of(self, entry: Entry) -> _Waits:
        found: dict[tuple[str, str], set[Made]] = defaultdict(set)
        for producer, assets in entry.consumed.items():
            for asset, readers in assets.items():
                name = own_name(self._entries, producer, asset)
                for reader in readers:
                    if reader.sensor_task_id:
                        waited = Made(producer, name, reader.producer_pipeline)
                        found[reader.pipeline, reader.sensor_task_id].add(waited)
        return found


def own_name(entries: Mapping[str, Entry], team: str, name: str) -> str:
    """What a team calls an asset now that a reader's entry has under the name of some earlier day."""
    found = find_produced(entries[team], name) if team in entries else None
    return found[0] if found else name

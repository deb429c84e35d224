"""Finds the assets that a team's DAGs derive from an asset."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from dbt_scheduler.registry.entry import AssetKey
from dbt_scheduler.registry.upstream import PipelineAsset
from dbt_scheduler.spec import DagSpec, Task


class DagDescendants:
    """Finds derived assets in the specs that it was built from."""

    def __init__(self, specs: Iterable[DagSpec]) -> None:
        self._dags = [_Dag(spec) for spec in specs]

    def of(self, key: AssetKey) -> Iterator[PipelineAsset]:
        """The assets derived from one within a DAG that produces it."""
        for dag in self._dags:
            for asset in dag.below(str(key)):
                yield PipelineAsset(key.team, asset.removeprefix(f"{key.team}."), dag.pipeline)


class _Dag:
    def __init__(self, spec: DagSpec) -> None:
        self.pipeline = spec.pipeline
        self._made = {asset for task in spec.tasks for asset in task.assets}
        self._readers: dict[str, list[Task]] = defaultdict(list)
        for task in spec.tasks:
            for asset in task.reads:
                self._readers[asset].append(task)

    def below(self, asset: str) -> Iterator[str]:
        stack = [asset] if asset in self._made else []
        seen = set(stack)
        while stack:
            for task in self._readers.get(stack.pop(), ()):
                found = [made for made in task.assets if made not in seen]
                seen.update(found)
                stack += found
                yield from found

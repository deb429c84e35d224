"""The data about a DAG that an explanation needs, independent of its source."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.wait import NoProducer, Wait


class KnownSensor(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor, its asset, and its wait timeout without an SLO; None if unknown."""

    task_id: str
    dependency: str
    team: str
    asset: str
    wait_timeout_seconds: int | None


class KnownDag(msgspec.Struct, frozen=True, kw_only=True):
    """A generated or external DAG: its team, its schedule, and the direct upstream tasks of each task and sensor."""

    dag_id: str
    team: str
    channel: str | None
    schedule: Schedule
    upstream: Mapping[str, tuple[str, ...]]
    teardowns: frozenset[str]
    sensors: Mapping[str, KnownSensor]

    def ancestors(self, task_id: str) -> set[str]:
        """A task and all of its upstream tasks."""
        return _reached(task_id, self.upstream)

    def descendants(self, task_id: str) -> set[str]:
        """A task and all of its downstream tasks."""
        downstream: dict[str, list[str]] = defaultdict(list)
        for below, above in self.upstream.items():
            for each in above:
                downstream[each].append(below)
        return _reached(task_id, downstream)

    def ends(self) -> list[str]:
        """The leaf tasks, without teardowns."""
        above = {
            each for below, found in self.upstream.items() if below not in self.teardowns for each in found
        }
        return sorted({*self.upstream, *above} - above - self.teardowns)


class Dags(Protocol):
    """A source of DAGs."""

    def find(self, dag_id: str) -> KnownDag | None:
        """A DAG, or None if it is not managed by dbt-scheduler or unknown."""

    def wait(self, sensor: KnownSensor, dag: KnownDag) -> Wait | NoProducer:
        """The producer that a sensor of a DAG currently waits for."""

    def channel(self, team: str, reader: KnownDag) -> str | None:
        """The channel of a team, from the registry that the DAG ``reader`` uses; None if unknown."""


def _reached(task_id: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    found, queue = {task_id}, [task_id]
    while queue:
        for each in edges.get(queue.pop(), ()):
            if each not in found:
                found.add(each)
                queue.append(each)
    return found

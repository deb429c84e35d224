"""What an explanation has to know of a DAG, wherever that is known from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.wait import NoProducer, Wait


class KnownSensor(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor of a DAG: for which asset it waits, and how long for one without an SLO; None if that is not known."""

    task_id: str
    dependency: str
    team: str
    asset: str
    wait_timeout_seconds: int | None


class KnownDag(msgspec.Struct, frozen=True, kw_only=True):
    """A DAG of ours: whose it is, when it runs, and what each of its tasks and sensors runs directly after."""

    dag_id: str
    team: str
    channel: str | None
    schedule: Schedule
    upstream: Mapping[str, tuple[str, ...]]
    teardowns: frozenset[str]
    sensors: Mapping[str, KnownSensor]

    def ancestors(self, task_id: str) -> set[str]:
        """A task and everything above it."""
        return _reached(task_id, self.upstream)

    def descendants(self, task_id: str) -> set[str]:
        """A task and everything below it."""
        downstream: dict[str, list[str]] = defaultdict(list)
        for below, above in self.upstream.items():
            for each in above:
                downstream[each].append(below)
        return _reached(task_id, downstream)

    def ends(self) -> list[str]:
        """The tasks that nothing runs after, teardowns left out."""
        above = {
            each for below, found in self.upstream.items() if below not in self.teardowns for each in found
        }
        return sorted({*self.upstream, *above} - above - self.teardowns)


class Dags(Protocol):
    """Where DAGs are known from."""

    def find(self, dag_id: str) -> KnownDag | None:
        """A DAG; None if it is none of ours, or nothing is known of it."""

    def wait(self, sensor: KnownSensor, dag: KnownDag) -> Wait | NoProducer:
        """What a sensor of a DAG waits for now."""

    def channel(self, team: str, reader: KnownDag) -> str | None:
        """The channel of a team, as far as it is known where the DAG ``reader`` runs."""


def _reached(task_id: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    found, queue = {task_id}, [task_id]
    while queue:
        for each in edges.get(queue.pop(), ()):
            if each not in found:
                found.add(each)
                queue.append(each)
    return found

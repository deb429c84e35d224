"""Decides which task of a DAG runs which dbt data test, and what waits for it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from dbt_scheduler.graph.lineage import DagGraph, TeamGraph
from dbt_scheduler.project.manifest import Node


class LoneTest(msgspec.Struct, frozen=True):
    """A test with its own task: the upstream tasks, and the first downstream tasks that wait for it."""

    test: Node
    after: tuple[str, ...]
    before: tuple[str, ...]


class TestPlan(msgspec.Struct, frozen=True):
    """The placement of a DAG's tests.

    ``in_task`` maps a dbt node's id to the tests that its task runs; ``standalone`` tests have their own task;
    ``unplaced`` tests only read data of other DAGs.
    """

    in_task: dict[str, tuple[Node, ...]]
    standalone: tuple[LoneTest, ...]
    unplaced: tuple[Node, ...]


def plan_tests(graph: TeamGraph, dag: DagGraph) -> TestPlan:
    """Place every test: with the parent that is downstream of all others, or else in a task of its own.

    As in ``dbt build``, tasks downstream of all parents wait for a test, unless the team runs tests afterwards. No test
    is placed if the team disables tests or dbt. Parents outside the DAG are ignored; a parent that never runs, such as
    an ephemeral model, is replaced by its own parents.
    """
    settings = graph.project.config.dbt_settings
    if settings.tests == "none" or not settings.enabled:
        return TestPlan({}, (), ())
    lineage = _Lineage(graph, dag)
    in_task: dict[str, list[Node]] = defaultdict(list)
    standalone: list[LoneTest] = []
    unplaced: list[Node] = []
    for test in sorted(graph.project.tests, key=lambda test: test.unique_id):
        parents = [read for read in graph.test_reads[test.unique_id] if lineage.made_by(read) in dag.tasks]
        host = lineage.last_of(parents)
        if not parents:
            unplaced.append(test)
        elif host is not None:
            in_task[host].append(test)
        else:
            after = tuple(sorted({lineage.made_by(parent) for parent in parents}))
            before = lineage.first_below(parents) if settings.tests == "build" else ()
            standalone.append(LoneTest(test, after, before))
    return TestPlan(
        {host: tuple(tests) for host, tests in in_task.items()}, tuple(standalone), tuple(unplaced)
    )


class _Lineage:
    """The downstream tasks of each task in a DAG, as bit sets."""

    def __init__(self, graph: TeamGraph, dag: DagGraph) -> None:
        self.made_by = graph.project.maker
        self._dag = dag
        self._tasks = tuple(dag.tasks)
        self._bit = {task: 1 << index for index, task in enumerate(self._tasks)}
        self._below: dict[str, int] | None = None

    def last_of(self, parents: Sequence[str]) -> str | None:
        """The node that is downstream of all the others; None if there is none."""
        nodes = [parent for parent in parents if parent in self._bit]
        if len(parents) == 1:
            return nodes[0] if nodes else None
        return next((node for node in nodes if self._is_below(node, parents)), None)

    def first_below(self, parents: Sequence[str]) -> tuple[str, ...]:
        """The first tasks downstream of all of these parents."""
        common = -1
        for parent in parents:
            common &= self._masks()[parent]
        first = (
            task
            for task in self._in(common)
            if not any(self._bit[above] & common for above in self._dag.upstream[task])
        )
        return tuple(sorted(first))

    def _is_below(self, node: str, parents: Sequence[str]) -> bool:
        return all(parent == node or self._masks()[parent] & self._bit[node] for parent in parents)

    def _in(self, mask: int) -> Iterator[str]:
        while mask:
            yield self._tasks[mask.bit_length() - 1]
            mask ^= 1 << (mask.bit_length() - 1)

    def _masks(self) -> dict[str, int]:
        """The tasks downstream of each node, and of each source table that a task fills."""
        if self._below is None:
            self._below = defaultdict(int)
            for task in reversed(self._dag.parents_first):
                mask = self._bit[task] | self._below[task]
                for read in {*self._dag.reads[task], *self._dag.upstream[task]}:
                    self._below[read] |= mask
        return self._below

"""Decides which task of a DAG runs which dbt data test, and what waits for it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from dbt_scheduler.graph.lineage import DagGraph, Graph
from dbt_scheduler.project.manifest import Node


class LoneTest(msgspec.Struct, frozen=True):
    """A test with a task of its own: the works that make what it looks at, and the first that wait for it."""

    test: Node
    after: tuple[str, ...]
    before: tuple[str, ...]


class TestPlan(msgspec.Struct, frozen=True):
    """Where the tests of a DAG run.

    ``beside`` maps a dbt node's work id to the tests that its own task runs; ``alone`` are those that need a
    task of their own; ``homeless`` ones look only at what this DAG does not make.
    """

    beside: dict[str, tuple[Node, ...]]
    alone: tuple[LoneTest, ...]
    homeless: tuple[Node, ...]


def plan_tests(graph: Graph, dag: DagGraph) -> TestPlan:
    """Place every test: with the parent that is downstream of all the others, else alone after them.

    As in ``dbt build``, what is downstream of all its parents waits for a test, unless the team runs its tests
    afterwards. None are placed where the team wants no tests, or no dbt. Parents outside the DAG do not count;
    a parent that never runs, such as an ephemeral model, stands for what it reads.
    """
    settings = graph.project.config.dbt_settings
    if settings.tests == "none" or not settings.enabled:
        return TestPlan({}, (), ())
    lineage = _Lineage(graph, dag)
    beside: dict[str, list[Node]] = defaultdict(list)
    alone: list[LoneTest] = []
    homeless: list[Node] = []
    for test in sorted(graph.project.tests, key=lambda test: test.unique_id):
        parents = [read for read in graph.test_reads[test.unique_id] if lineage.made_by(read) in dag.works]
        host = lineage.last_of(parents)
        if not parents:
            homeless.append(test)
        elif host is not None:
            beside[host].append(test)
        else:
            after = tuple(sorted({lineage.made_by(parent) for parent in parents}))
            before = lineage.first_below(parents) if settings.tests == "build" else ()
            alone.append(LoneTest(test, after, before))
    return TestPlan({host: tuple(tests) for host, tests in beside.items()}, tuple(alone), tuple(homeless))


class _Lineage:
    """Who is downstream of what within a DAG, as one bit per work."""

    def __init__(self, graph: Graph, dag: DagGraph) -> None:
        self.made_by = graph.project.maker
        self._dag = dag
        self._works = tuple(dag.works)
        self._bit = {work: 1 << index for index, work in enumerate(self._works)}
        self._below: dict[str, int] | None = None

    def last_of(self, parents: Sequence[str]) -> str | None:
        """The node that is downstream of all the others, if there is one."""
        nodes = [parent for parent in parents if parent in self._bit]
        if len(parents) == 1:
            return nodes[0] if nodes else None
        return next((node for node in nodes if self._is_below(node, parents)), None)

    def first_below(self, parents: Sequence[str]) -> tuple[str, ...]:
        """The works downstream of all of these that run after no other such work."""
        common = -1
        for parent in parents:
            common &= self._masks()[parent]
        first = (
            work
            for work in self._in(common)
            if not any(self._bit[above] & common for above in self._dag.upstream[work])
        )
        return tuple(sorted(first))

    def _is_below(self, node: str, parents: Sequence[str]) -> bool:
        return all(parent == node or self._masks()[parent] & self._bit[node] for parent in parents)

    def _in(self, mask: int) -> Iterator[str]:
        while mask:
            yield self._works[mask.bit_length() - 1]
            mask ^= 1 << (mask.bit_length() - 1)

    def _masks(self) -> dict[str, int]:
        """The works below each node, and below each source table that a task fills."""
        if self._below is None:
            self._below = defaultdict(int)
            for work in reversed(self._dag.parents_first):
                mask = self._bit[work] | self._below[work]
                for read in {*self._dag.reads[work], *self._dag.upstream[work]}:
                    self._below[read] |= mask
        return self._below

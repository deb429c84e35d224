"""Decides which task of a DAG runs which dbt data test."""

from collections import defaultdict

import msgspec

from dbt_scheduler.graph.lineage import DagGraph, Graph
from dbt_scheduler.manifest import Node


class TestPlan(msgspec.Struct, frozen=True):
    """Where the tests of a DAG run.

    ``beside`` maps a dbt node's work id to the tests that its own task runs; ``alone`` are those that need a
    task of their own, each with the works it runs after; ``homeless`` ones look only at what this DAG does
    not make.
    """

    beside: dict[str, tuple[Node, ...]]
    alone: tuple[tuple[Node, tuple[str, ...]], ...]
    homeless: tuple[Node, ...]


def plan_tests(graph: Graph, dag: DagGraph) -> TestPlan:
    """Place every test: with the parent that is downstream of all the others, else alone after them.

    None are placed where the team wants no tests, or no dbt. Parents outside the DAG do not count; a parent
    that never runs, such as an ephemeral model, stands for what it reads.
    """
    settings = graph.project.config.dbt_settings
    if settings.tests == "none" or not settings.enabled:
        return TestPlan({}, (), ())
    ancestors = _Ancestors(dag)
    beside: dict[str, list[Node]] = defaultdict(list)
    alone: list[tuple[Node, tuple[str, ...]]] = []
    homeless: list[Node] = []
    for test in graph.project.tests:
        parents = [parent for parent in graph.test_parents[test.unique_id] if parent in dag.works]
        host = ancestors.last_of(parents)
        if not parents:
            homeless.append(test)
        elif host is not None and dag.works[host].node is not None:
            beside[host].append(test)
        else:
            alone.append((test, tuple(sorted(parents))))
    ordered = {host: tuple(sorted(tests, key=_order)) for host, tests in beside.items()}
    return TestPlan(ordered, tuple(sorted(alone, key=lambda item: _order(item[0]))), tuple(homeless))


class _Ancestors:
    """Who is upstream of whom, as one bit per work."""

    def __init__(self, dag: DagGraph) -> None:
        self._dag = dag
        self._bit = {work: 1 << index for index, work in enumerate(dag.works)}
        self._above: dict[str, int] | None = None

    def last_of(self, works: list[str]) -> str | None:
        """The work that is downstream of all the others, if there is one."""
        if len(works) < 2:  # noqa: PLR2004 - nothing to compare
            return works[0] if works else None
        above = self._masks()
        wanted = sum(self._bit[work] for work in works)
        return next((work for work in works if wanted & ~(above[work] | self._bit[work]) == 0), None)

    def _masks(self) -> dict[str, int]:
        if self._above is None:
            self._above = {}
            for work in self._dag.parents_first:
                mask = 0
                for parent in self._dag.upstream[work]:
                    mask |= self._bit[parent] | self._above.get(parent, 0)
                self._above[work] = mask
        return self._above


def _order(test: Node) -> str:
    return test.unique_id

"""Derives each DAG from a team's lineage: edges within the DAG, and waits for assets of other DAGs."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

import msgspec

from dbt_scheduler.project.types import DependencyKind, Project, ProjectTask
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.entry import AssetKey
from dbt_scheduler.registry.producer import producer_of


class AssetDependency(msgspec.Struct, frozen=True, order=True):
    """A wait of a task for an asset of another DAG, in the pipeline ``producer_pipeline``."""

    key: AssetKey
    dependency: DependencyKind
    producer_pipeline: str


class DagGraph(msgspec.Struct, frozen=True):
    """One DAG: its tasks by id, with their inputs, upstream tasks and waits.

    ``reads`` are the ids of nodes and filled source tables of this DAG, ``upstream`` the tasks that build them, and
    ``parents_first`` the task ids in topological order.
    """

    pipeline: str
    tasks: dict[str, ProjectTask]
    reads: dict[str, tuple[str, ...]]
    upstream: dict[str, tuple[str, ...]]
    waits: dict[str, tuple[AssetDependency, ...]]
    parents_first: tuple[str, ...]


class TeamGraph(msgspec.Struct, frozen=True):
    """A team's DAGs by pipeline.

    ``unscheduled_parents`` maps a scheduled task's id to its inputs that no pipeline runs, ``unmatched_dependencies``
    to the names under ``dependencies`` that match no wait in any of its pipelines, and ``contradicting`` to names with
    different kinds for the same asset. ``foreign`` maps a global table's id to another team's asset, and ``test_reads``
    a dbt test's id to its inputs: ids as in ``DagGraph.reads``, of any DAG.
    """

    project: Project
    dags: dict[str, DagGraph]
    unscheduled_parents: dict[str, tuple[str, ...]]
    unmatched_dependencies: dict[str, tuple[str, ...]]
    contradicting: dict[str, frozenset[tuple[str, ...]]]
    foreign: Mapping[str, AssetKey]
    test_reads: dict[str, tuple[str, ...]]


def build_graph(project: Project, globals_: Mapping[str, AssetKey], directory: Directory) -> TeamGraph:
    """Derive the DAGs of all pipelines.

    ``globals_`` maps a source table's id to its asset; ``directory`` has the entries of all teams, including this one.
    """
    builder = _Builder(project, globals_, directory)
    dags = {pipeline: builder.dag(pipeline) for pipeline in project.pipelines}
    scheduled = [task for task in project.tasks.values() if task.pipelines]
    # An unresolved global table already has a finding.
    unresolved = {
        name
        for table in project.tables.values()
        if table.is_global and table.id not in globals_
        for name in table.names
    }
    unmatched_dependencies = {
        task.id: tuple(sorted(set(task.dependencies) - builder.matched.get(task.id, set()) - unresolved))
        for task in scheduled
        if task.dependencies
    }
    unscheduled_parents = {
        task.id: found for task in scheduled if (found := builder.unscheduled_parents(task))
    }
    return TeamGraph(
        project,
        dags,
        unscheduled_parents,
        {task: names for task, names in unmatched_dependencies.items() if names},
        {task: frozenset(names) for task, names in builder.contradicting.items()},
        globals_,
        {test.unique_id: builder.origins(test.depends_on.nodes) for test in project.tests},
    )


class _Reads(msgspec.Struct, frozen=True):
    """The inputs of a task: ids of built data, and unscheduled tasks with data of their own."""

    origins: tuple[str, ...]
    unscheduled: tuple[str, ...]


class _Builder:
    """Traverses the lineage upstream from each scheduled task to the nearest scheduled tasks."""

    def __init__(self, project: Project, globals_: Mapping[str, AssetKey], directory: Directory) -> None:
        self._project = project
        self._globals = globals_
        self._directory = directory
        self._schedules = directory.entries[project.team].pipelines
        self._through: dict[str, _Reads] = {}
        self.matched: dict[str, set[str]] = {}
        self.contradicting: dict[str, set[tuple[str, ...]]] = {}

    def dag(self, pipeline: str) -> DagGraph:
        tasks = {task.id: task for task in self._project.in_pipeline(pipeline)}
        reads: dict[str, tuple[str, ...]] = {}
        waits: dict[str, tuple[AssetDependency, ...]] = {}
        for task in tasks.values():
            origins = self.origins(task.parents)
            reads[task.id] = tuple(origin for origin in origins if self._project.maker(origin) in tasks)
            waits[task.id] = tuple(sorted(set(self._waits(task, pipeline, origins))))
        upstream = {
            task: tuple(sorted({self._project.maker(each) for each in read})) for task, read in reads.items()
        }
        return DagGraph(pipeline, tasks, reads, upstream, waits, _parents_first(upstream))

    def origins(self, parents: Iterable[str]) -> tuple[str, ...]:
        """The built inputs of these parents, also through tasks that no pipeline runs.

        They are ids of tasks, of source tables that a declared task fills, and of global tables. They are the same for
        all pipelines, because the traversal stops at any scheduled task.
        """
        return self._reads(parents).origins

    def unscheduled_parents(self, task: ProjectTask) -> tuple[str, ...]:
        """The inputs of a task that no pipeline runs, also through views and ephemeral models."""
        return tuple(sorted(self._reads(task.parents).unscheduled))

    def _maker(self, origin: str) -> ProjectTask | None:
        """The task with an id, or the task that fills the source table; None for other ids."""
        return self._project.tasks.get(self._project.maker(origin))

    def _reads(self, parents: Iterable[str]) -> "_Reads":
        parents = tuple(parents)
        for task in self._unscheduled(parents):
            self._look_through(task)
        return self._gathered(parents)

    def _look_through(self, task: ProjectTask) -> None:
        """Resolve an unscheduled task, once for all of its readers."""
        # Iterative, because chains of such tasks can exceed Python's recursion limit.
        stack, opened = [task], set[str]()
        while stack:
            top = stack[-1]
            if top.id in self._through:
                stack.pop()
            elif top.id in opened:
                self._through[top.id] = self._as_read(top)
                stack.pop()
            else:
                opened.add(top.id)
                # Declared tasks can form a cycle, which the cycle rule reports.
                stack += [above for above in self._unscheduled(top.parents) if above.id not in opened]

    def _as_read(self, task: ProjectTask) -> "_Reads":
        """The inputs of an unscheduled task as its readers see them."""
        reads = self._gathered(task.parents)
        if task.node is not None and task.node.ephemeral:
            return reads
        # A table keeps its data when its inputs change, a view does not.
        lasting = task.node is not None and task.node.stores_data
        return _Reads(reads.origins, (task.id,) if lasting else (task.id, *reads.unscheduled))

    def _gathered(self, parents: Iterable[str]) -> "_Reads":
        origins: dict[str, None] = {}
        unscheduled: dict[str, None] = {}
        for parent in parents:
            maker = self._maker(parent)
            if parent in self._globals or (maker and maker.pipelines):
                origins[parent] = None
            elif maker and maker.id in self._through:
                origins.update(dict.fromkeys(self._through[maker.id].origins))
                unscheduled.update(dict.fromkeys(self._through[maker.id].unscheduled))
        return _Reads(tuple(origins), tuple(unscheduled))

    def _unscheduled(self, parents: Iterable[str]) -> Iterator[ProjectTask]:
        makers = (self._maker(parent) for parent in parents if parent not in self._globals)
        return (maker for maker in makers if maker and not maker.pipelines)

    def _waits(self, task: ProjectTask, pipeline: str, origins: Iterable[str]) -> Iterator[AssetDependency]:
        for origin in origins:
            maker = self._maker(origin)
            table = self._project.tables.get(origin)
            names = table.names if table else ()
            if (key := self._globals.get(origin)) is not None:
                yield self._wait(task, pipeline, key, names)
            elif maker and pipeline not in maker.pipelines:
                key = AssetKey(self._project.team, self._project.asset(origin))
                yield self._wait(task, pipeline, key, names)

    def _wait(
        self, task: ProjectTask, pipeline: str, key: AssetKey, names: tuple[str, ...]
    ) -> AssetDependency:
        produced = self._directory.produced(key)
        called = (*names, key.asset, str(key), *((produced.latest_of,) if produced.latest_of else ()))
        named = tuple(dict.fromkeys(name for name in called if name in task.dependencies))
        dependency = task.dependencies[named[0]] if named else DependencyKind.HARD
        if named:
            self.matched.setdefault(task.id, set()).update(named)
        if any(task.dependencies[name] != dependency for name in named):
            self.contradicting.setdefault(task.id, set()).add(named)
        return AssetDependency(key, dependency, self._producer_pipeline(pipeline, key))

    def _producer_pipeline(self, pipeline: str, key: AssetKey) -> str:
        entry, own = self._directory.entries[key.team], key.team == self._project.team
        schedule = self._schedules[pipeline]
        return producer_of(entry, entry.produced[key.asset], pipeline, schedule, own=own).pipeline


def _parents_first(upstream: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    try:
        return tuple(TopologicalSorter(upstream).static_order())
    except CycleError:  # has a finding of its own and prevents output: any order is valid
        return tuple(upstream)

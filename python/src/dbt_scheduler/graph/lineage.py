"""Projects a team's lineage onto its pipelines: edges inside each DAG, and waits for what other DAGs make."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

import msgspec

from dbt_scheduler.project.types import Dependency, Project, Work
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.entry import AssetKey
from dbt_scheduler.schedule import pick_pipeline
from dbt_scheduler.spec import Schedule


class Wait(msgspec.Struct, frozen=True, order=True):
    """A task of this DAG needs an asset that another DAG makes, in the pipeline ``producer_pipeline``."""

    key: AssetKey
    dependency: Dependency
    producer_pipeline: str


class DagGraph(msgspec.Struct, frozen=True):
    """One DAG: each work that runs in it, by id, with what it reads, runs after and waits for.

    ``reads`` are the ids of nodes and of filled source tables that this DAG makes, ``upstream`` the works that
    make them, and ``parents_first`` the works' ids, each after those it runs after.
    """

    pipeline: str
    works: dict[str, Work]
    reads: dict[str, tuple[str, ...]]
    upstream: dict[str, tuple[str, ...]]
    waits: dict[str, tuple[Wait, ...]]
    parents_first: tuple[str, ...]


class Graph(msgspec.Struct, frozen=True):
    """A team's DAGs by pipeline.

    ``passed`` maps a scheduled work's id to the works that it reads and no pipeline runs,
    ``unmatched`` to the names under ``dependencies`` that are no wait of the work in any of its pipelines,
    ``contradicting`` to those of them that name one asset twice, and not with the same kind,
    and ``test_reads`` a dbt test's id to what it looks at: ids as in ``DagGraph.reads``, of any DAG.
    """

    project: Project
    dags: dict[str, DagGraph]
    passed: dict[str, tuple[str, ...]]
    unmatched: dict[str, tuple[str, ...]]
    contradicting: dict[str, frozenset[tuple[str, ...]]]
    test_reads: dict[str, tuple[str, ...]]


def build_graph(project: Project, globals_: Mapping[str, AssetKey], directory: Directory) -> Graph:
    """Lay the project's lineage out over its pipelines.

    ``globals_`` maps a source table's id to the asset that it stands for; ``directory`` has every team's
    entry, this one's included.
    """
    builder = _Builder(project, globals_, directory)
    dags = {pipeline: builder.dag(pipeline) for pipeline in project.pipelines}
    scheduled = [work for work in project.works.values() if work.pipelines]
    # A global table that could not be resolved is a finding already.
    unresolved = {
        name
        for table in project.tables.values()
        if table.is_global and table.id not in globals_
        for name in table.names
    }
    unmatched = {
        work.id: tuple(sorted(set(work.dependencies) - builder.matched.get(work.id, set()) - unresolved))
        for work in scheduled
        if work.dependencies
    }
    passed = {work.id: found for work in scheduled if (found := builder.passed(work))}
    return Graph(
        project,
        dags,
        passed,
        {work: names for work, names in unmatched.items() if names},
        {work: frozenset(names) for work, names in builder.contradicting.items()},
        {test.unique_id: builder.origins(test.depends_on.nodes) for test in project.tests},
    )


class _Reads(msgspec.Struct, frozen=True):
    """What is read: ids of what something makes, and works with data of their own that no pipeline runs."""

    origins: tuple[str, ...]
    unscheduled: tuple[str, ...]


class _Builder:
    """Walks the lineage upwards from each scheduled work, to the first works that run."""

    def __init__(self, project: Project, globals_: Mapping[str, AssetKey], directory: Directory) -> None:
        self._project = project
        self._globals = globals_
        self._directory = directory
        self._schedules = directory.entries[project.team].pipelines
        self._through: dict[str, _Reads] = {}
        self.matched: dict[str, set[str]] = {}
        self.contradicting: dict[str, set[tuple[str, ...]]] = {}

    def dag(self, pipeline: str) -> DagGraph:
        works = {work.id: work for work in self._project.in_pipeline(pipeline)}
        reads: dict[str, tuple[str, ...]] = {}
        waits: dict[str, tuple[Wait, ...]] = {}
        for work in works.values():
            origins = self.origins(work.parents)
            reads[work.id] = tuple(origin for origin in origins if self._project.maker(origin) in works)
            waits[work.id] = tuple(sorted(set(self._waits(work, pipeline, origins))))
        upstream = {
            work: tuple(sorted({self._project.maker(each) for each in read})) for work, read in reads.items()
        }
        return DagGraph(pipeline, works, reads, upstream, waits, _parents_first(upstream))

    def origins(self, parents: Iterable[str]) -> tuple[str, ...]:
        """What a reader of these parents reads that something makes, also through works that never run.

        Ids of works, of source tables that a declared task fills, and of global tables. The same for all
        pipelines: lineage stops at any scheduled work, whatever pipeline runs that.
        """
        return self._reads(parents).origins

    def passed(self, work: Work) -> tuple[str, ...]:
        """The works that a work reads and no pipeline runs, also through views and ephemeral models."""
        return tuple(sorted(self._reads(work.parents).unscheduled))

    def _maker(self, origin: str) -> Work | None:
        """The work behind an id: itself, or the task that fills the table."""
        return self._project.works.get(self._project.maker(origin))

    def _reads(self, parents: Iterable[str]) -> "_Reads":
        parents = tuple(parents)
        for work in self._unscheduled(parents):
            self._look_through(work)
        return self._gathered(parents)

    def _look_through(self, work: Work) -> None:
        """Fill in what a work that never runs reads, once however many read it."""
        # Not recursively: chains of such works can be longer than Python's stack.
        stack, opened = [work], set[str]()
        while stack:
            top = stack[-1]
            if top.id in self._through:
                stack.pop()
            elif top.id in opened:
                self._through[top.id] = self._as_read(top)
                stack.pop()
            else:
                opened.add(top.id)
                # Declared tasks can form a circle: the cycle rule reports it.
                stack += [above for above in self._unscheduled(top.parents) if above.id not in opened]

    def _as_read(self, work: Work) -> "_Reads":
        """What reading a work that never runs comes to."""
        reads = self._gathered(work.parents)
        if work.node is not None and work.node.ephemeral:
            return reads
        # A table keeps what it was made of, a view does not.
        lasting = work.node is not None and work.node.lasting
        return _Reads(reads.origins, (work.id,) if lasting else (work.id, *reads.unscheduled))

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

    def _unscheduled(self, parents: Iterable[str]) -> Iterator[Work]:
        makers = (self._maker(parent) for parent in parents if parent not in self._globals)
        return (maker for maker in makers if maker and not maker.pipelines)

    def _waits(self, work: Work, pipeline: str, origins: Iterable[str]) -> Iterator[Wait]:
        for origin in origins:
            maker = self._maker(origin)
            table = self._project.tables.get(origin)
            names = table.names if table else ()
            if (key := self._globals.get(origin)) is not None:
                yield self._wait(work, pipeline, key, names)
            elif maker and pipeline not in maker.pipelines:
                key = AssetKey(self._project.team, self._project.asset(origin))
                yield self._wait(work, pipeline, key, names)

    def _wait(self, work: Work, pipeline: str, key: AssetKey, names: tuple[str, ...]) -> Wait:
        produced = self._directory.produced(key)
        called = (*names, key.asset, str(key), *((produced.latest_of,) if produced.latest_of else ()))
        named = tuple(dict.fromkeys(name for name in called if name in work.dependencies))
        dependency = work.dependencies[named[0]] if named else Dependency.HARD
        if named:
            self.matched.setdefault(work.id, set()).update(named)
        if any(work.dependencies[name] != dependency for name in named):
            self.contradicting.setdefault(work.id, set()).add(named)
        return Wait(key, dependency, self._producer_pipeline(pipeline, key))

    def _producer_pipeline(self, pipeline: str, key: AssetKey) -> str:
        entry = self._directory.entries[key.team]
        own = key.team == self._project.team
        choices: dict[str, Schedule] = {
            name: entry.pipelines[name]
            for name, made in entry.produced[key.asset].pipelines.items()
            if own or made.exposed or not entry.produced[key.asset].exposed
        }
        return pick_pipeline(pipeline, self._schedules[pipeline], choices)


def _parents_first(upstream: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    try:
        return tuple(TopologicalSorter(upstream).static_order())
    except CycleError:  # a finding of its own, after which nothing is written: any order will do
        return tuple(upstream)

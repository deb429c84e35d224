"""The projection of lineage onto pipelines: edges inside a DAG, and waits for assets of other DAGs."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build import World, ephemeral, node, seed, source
from dbt_scheduler.graph.lineage import TeamGraph, build_graph
from dbt_scheduler.project.types import DependencyKind, Project, ProjectTask
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.entry import AssetKey, AssetPipeline, Contact, Entry, Produced
from dbt_scheduler.spec import Schedule

DAILY, HOURLY = ["daily"], ["hourly"]
SCHEDULES = {
    "hourly": Schedule("5 * * * *", grain="hour"),
    "daily": Schedule("10 0 * * *", grain="day"),
    "weekly": Schedule("30 0 * * 1", grain="week"),
}


def upstream(world: World, pipeline: str, name: str) -> set[str]:
    dag = world.look().graph.dags[pipeline]
    task = next(task for task in dag.tasks.values() if task.name == name)
    return {dag.tasks[parent].name for parent in dag.upstream[task.id]}


def waits(world: World, pipeline: str, name: str, team: str = "shop") -> list[str]:
    dag = world.look(team).graph.dags[pipeline]
    task = next(task for task in dag.tasks.values() if task.name == name)
    return [f"{wait.dependency} {wait.key} in {wait.producer_pipeline}" for wait in dag.waits[task.id]]


def test_lineage_leads_through_what_never_runs(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("a", pipelines=DAILY),
        node("unscheduled", "a"),
        ephemeral("inlined", "unscheduled", pipelines=DAILY),
        node("z", "inlined", pipelines=DAILY),
    )
    assert upstream(world, "daily", "z") == {"a"}
    assert sorted(task.name for task in world.look().graph.dags["daily"].tasks.values()) == ["a", "z"]


def test_lineage_stops_at_a_node_of_another_pipeline(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("a", pipelines=DAILY),
        node("b", "a", pipelines=HOURLY),
        node("c", "b", pipelines=DAILY),
    )
    assert upstream(world, "daily", "c") == set()
    assert waits(world, "daily", "c") == ["hard shop.b in hourly"]
    assert waits(world, "hourly", "b") == ["hard shop.a in daily"]


@pytest.mark.parametrize(
    ("consumer", "made_in", "picked"),
    [
        ("daily", ["hourly", "weekly"], "hourly"),
        ("hourly", ["daily", "weekly"], "daily"),
        ("weekly", ["hourly", "daily"], "daily"),
    ],
)
def test_which_pipeline_is_waited_for(tmp_path, consumer, made_in, picked):
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=made_in), node("z", "a", pipelines=[consumer]))
    assert waits(world, consumer, "z") == [f"hard shop.a in {picked}"]


def test_a_source_that_a_task_fills_is_an_edge_and_any_other_is_nothing(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("raw.events"),
        source("raw.clicks"),
        node("z", "raw.events", "raw.clicks", pipelines=DAILY),
        text="tasks: [{kind: universal, name: load, command: x, assets: [events]}]",
    )
    assert upstream(world, "daily", "z") == {"load"}
    assert waits(world, "daily", "z") == []


def test_a_table_that_a_task_fills_in_another_pipeline_is_waited_for(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("raw.events"),
        ephemeral("stg", "raw.events"),
        node("z", "stg", pipelines=DAILY, dependencies={"raw.events": "soft"}),
        text="tasks: [{kind: universal, name: load, command: x, assets: [events], pipelines: [hourly]}]",
    )
    assert waits(world, "daily", "z") == ["soft shop.events in hourly"]
    assert world.findings() == []


def test_global_assets_are_waited_for_through_an_ephemeral_model_as_its_reader_says(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("shipping.fct", file="models/global_assets/g.yml"),
        ephemeral("stg", "shipping.fct"),
        node("patient", "stg", pipelines=DAILY),
        node("hasty", "stg", pipelines=DAILY, dependencies={"fct": "no_wait"}),
    )
    world.team("shipping", node("fct", pipelines=HOURLY), text='exposed_assets: [{regex: "fct"}]')
    assert waits(world, "daily", "patient") == ["hard shipping.fct in hourly"]
    assert waits(world, "daily", "hasty") == ["no_wait shipping.fct in hourly"]
    assert world.findings() == []


@pytest.mark.parametrize("called", ["fct", "shipping.fct"])
def test_both_names_of_a_global_asset_work_under_dependencies(tmp_path, called):
    world = World(tmp_path)
    world.team(
        "shop",
        source("shipping.fct", file="models/global_assets/g.yml"),
        node("z", "shipping.fct", pipelines=DAILY, dependencies={called: "soft"}),
    )
    world.team("shipping", node("fct", pipelines=HOURLY), text='exposed_assets: [{regex: "fct"}]')
    assert waits(world, "daily", "z") == ["soft shipping.fct in hourly"]


def test_only_the_pipelines_that_the_exposure_names_count(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("global_assets.fct"),
        node("z", "global_assets.fct", pipelines=DAILY),
    )
    text = 'exposed_assets: [{regex: "fct", slo: {hourly: {minutes: 30}}}]'
    world.team("shipping", node("fct", pipelines=["hourly", "daily"]), text=text)
    assert waits(world, "daily", "z") == ["hard shipping.fct in hourly"]


def test_the_bare_name_of_a_versioned_asset_means_its_latest(tmp_path):
    versions = [node("dim", version=v, latest_version=2, pipelines=DAILY) for v in (1, 2)]
    world = World(tmp_path)
    world.team(
        "shop",
        source("shipping.dim", file="models/global_assets/g.yml"),
        source("shipping.dim_v1", file="models/global_assets/g.yml"),
        node("bare", "shipping.dim", pipelines=DAILY, dependencies={"dim": "soft"}),
        node("old", "shipping.dim_v1", pipelines=DAILY),
    )
    world.team("shipping", *versions, text='exposed_assets: [{regex: "dim_.*"}]')
    assert waits(world, "daily", "bare") == ["soft shipping.dim_v2 in daily"]
    assert waits(world, "daily", "old") == ["hard shipping.dim_v1 in daily"]


def test_chains_of_thousands_end(tmp_path):
    long = 3000
    chain = [ephemeral(f"e{n}", f"e{n - 1}" if n else "a") for n in range(long)]
    tables = [node(f"v{n}", f"v{n - 1}" if n else "a") for n in range(long)]
    world = World(tmp_path)
    world.team(
        "shop",
        node("a", pipelines=DAILY),
        node("z", f"e{long - 1}", f"v{long - 1}", pipelines=DAILY),
        *reversed(chain),
        *reversed(tables),
    )
    assert upstream(world, "daily", "z") == {"a"}


def test_a_cycle_of_unscheduled_tasks_ends(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("raw.a"),
        source("raw.b"),
        seed("codes", pipelines=DAILY),
        text=(
            "tasks:\n"
            "  - {kind: universal, name: one, command: x, conditions: [b], assets: [a]}\n"
            "  - {kind: universal, name: two, command: x, conditions: [a], assets: [b]}\n"
        ),
    )
    assert len(world.findings("SCH209")) == 2
    assert list(world.look().graph.dags) == DAILY


class Lineage:
    """A random project: tasks in topological order, the tables of declared tasks, and global tables."""

    def __init__(
        self, tasks: list[ProjectTask], makers: dict[str, str], globals_: dict[str, AssetKey]
    ) -> None:
        self.tasks = {task.id: task for task in tasks}
        self.makers = makers
        self.globals_ = globals_

    def graph(self) -> TeamGraph:
        project = Project(
            team="shop",
            dag_prefix="shop",
            folder=None,
            config=None,
            manifest=None,
            tasks=self.tasks,
            tables={},
            tests=(),
            makers=self.makers,
            table_assets=self.makers,  # each has one asset with its own name
            assets={asset: task.id for task in self.tasks.values() for asset in task.assets},
            latest={},
        )
        other = {key.asset: _produced(["hourly", "weekly"]) for key in self.globals_.values()}
        own = {
            asset: _produced(task.pipelines)
            for task in self.tasks.values()
            for asset in task.assets
            if task.pipelines
        }
        entries = {"shop": _entry(own), "shipping": _entry(other)}
        return build_graph(project, self.globals_, Directory(entries))


def _entry(produced: dict[str, Produced]) -> Entry:
    return Entry(dag_prefix="x", contact=Contact(), pipelines=SCHEDULES, produced=produced, consumed={})


def _produced(pipelines) -> Produced:
    return Produced(
        dag_prefix="x",
        task_group=None,
        task_id="x",
        pipeline=pipelines[0],
        slo_seconds=None,
        pipelines={name: AssetPipeline(slo_seconds=None, exposed=True) for name in pipelines},
        exposed=True,
        relation=None,
        columns={},
    )


@st.composite
def lineages(draw: st.DrawFn) -> Lineage:
    count = draw(st.integers(1, 9))
    tasks, makers, globals_ = [], {}, {}
    for number in range(count):
        id_ = f"w{number}"
        above = [task.id for task in tasks] + sorted(globals_)
        parents = draw(st.lists(st.sampled_from(above), max_size=4, unique=True)) if above else []
        # # A declared task is sometimes read through the table that it fills.
        tables = {made: table for table, made in makers.items()}
        parents = [tables[p] if p in tables and draw(st.booleans()) else p for p in parents]
        if draw(st.integers(0, 3)) == 0:
            globals_[f"g{number}"] = AssetKey("shipping", f"asset{number}")
            parents.append(f"g{number}")
        pipelines = draw(st.lists(st.sampled_from(sorted(SCHEDULES)), max_size=3, unique=True))
        tasks.append(
            ProjectTask(
                id=id_,
                name=id_,
                group=None,
                pipelines=tuple(pipelines),
                parents=tuple(parents),
                assets=(id_,),
            )
        )
        if draw(st.integers(0, 4)) == 0:
            makers[f"t{number}"] = id_
    draw(st.randoms(use_true_random=False)).shuffle(tasks)
    return Lineage(tasks, makers, globals_)


def paths(lineage: Lineage, end: str) -> Iterator[list[str]]:
    """All paths upstream from a task; written independently of the code."""
    for parent in lineage.tasks[end].parents:
        above = lineage.makers.get(parent, parent)
        yield [above]
        if above in lineage.tasks:
            yield from ([above, *rest] for rest in paths(lineage, above))


def naive(lineage: Lineage, pipeline: str, end: str) -> tuple[set[str], set[str]]:
    """The direct upstream tasks, and the waits, as defined in the documentation."""
    before, waited = set(), set()
    for path in paths(lineage, end):
        *between, last = path
        if any(lineage.tasks[each].pipelines for each in between):
            continue
        if last in lineage.globals_:
            waited.add(str(lineage.globals_[last]))
        elif pipeline in lineage.tasks[last].pipelines:
            before.add(last)
        elif lineage.tasks[last].pipelines:
            waited.add(f"shop.{last}")
    return before, waited


@settings(max_examples=120, deadline=None)
@given(lineages())
def test_edges_and_waits_are_those_of_a_naive_reading_of_the_rule(lineage):
    graph = lineage.graph()
    scheduled = {pipeline for task in lineage.tasks.values() for pipeline in task.pipelines}
    assert set(graph.dags) == scheduled
    for pipeline, dag in graph.dags.items():
        assert set(dag.tasks) == {w.id for w in lineage.tasks.values() if pipeline in w.pipelines}
        for task in dag.tasks:
            before, waited = naive(lineage, pipeline, task)
            assert set(dag.upstream[task]) == before
            assert {str(wait.key) for wait in dag.waits[task]} == waited
            for wait in dag.waits[task]:
                assert wait.dependency is DependencyKind.HARD
                assert wait.producer_pipeline == picked(lineage, pipeline, wait.key)


def picked(lineage: Lineage, wanted: str, key: AssetKey) -> str:
    """The same pipeline; else the least frequent one that is at least as frequent; else the most frequent one."""
    made_in = ("hourly", "weekly") if key.team == "shipping" else lineage.tasks[key.asset].pipelines
    order = ["hourly", "daily", "weekly"]
    frequent = [name for name in order[: order.index(wanted) + 1] if name in made_in]
    return frequent[-1] if frequent else next(name for name in order if name in made_in)


@settings(max_examples=25, deadline=None)
@given(lineages(), st.integers())
def test_the_order_of_the_manifest_does_not_matter(lineage, seed_):
    graph = lineage.graph()
    tasks = list(lineage.tasks.items())
    random.Random(seed_).shuffle(tasks)  # noqa: S311
    lineage.tasks = dict(tasks)
    again = lineage.graph()
    for pipeline, dag in graph.dags.items():
        assert again.dags[pipeline].upstream == dag.upstream
        assert again.dags[pipeline].waits == dag.waits

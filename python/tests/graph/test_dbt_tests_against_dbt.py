"""The tasks that wait for a dbt test: the same as in ``dbt build``, by dbt's own algorithm and in a real run."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import networkx
from dbt.compilation import Linker
from hypothesis import given, settings
from hypothesis import strategies as st

from build import Item, World, data_test, edges, node, source, tasks
from dbt_projects import dbt, make_project, run_tasks
from dbt_scheduler.spec import DagSpec

DAILY = ["daily"]
LOAD = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], assets: [x, y]}]"


@st.composite
def projects(draw: st.DrawFn) -> list[Item]:
    """Two source tables that one task fills, models that read some of the earlier nodes, and tests of any nodes."""
    names = ["raw.x", "raw.y"]
    items = [source(name) for name in names]
    for index in range(draw(st.integers(1, 7))):
        items.append(node(f"m{index}", *draw(some_of(names, 0)), pipelines=DAILY))
        names.append(f"m{index}")
    return items + [
        data_test(f"t{index}", *draw(some_of(names, 1))) for index in range(draw(st.integers(1, 4)))
    ]


def some_of(names: list[str], least: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=least, max_size=3, unique=True)


def gated_by_dbt(items: list[Item]) -> set[tuple[str, str]]:
    """Each test with each model that ``dbt build`` does not start before the test succeeds."""
    nodes = {
        entry["unique_id"]: SimpleNamespace(
            resource_type=entry["resource_type"], depends_on_nodes=entry["depends_on"]["nodes"]
        )
        for part, entry in items
        if part == "nodes"
    }
    linker = Linker()
    children: dict[str, list[str]] = {}
    for name, each in nodes.items():
        linker.add_node(name)
        for parent in each.depends_on_nodes:
            linker.dependency(name, parent)
            children.setdefault(parent, []).append(name)
    linker.add_test_edges_1(SimpleNamespace(nodes=nodes, child_map=children))
    return {
        (_last(test), _last(model))
        for test, each in nodes.items()
        if each.resource_type == "test"
        for model in networkx.descendants(linker.graph, test)
        if nodes[model].resource_type == "model"
    }


def gated_by_us(spec: DagSpec, items: list[Item]) -> set[tuple[str, str]]:
    """Each test with each model whose task is downstream of the task that runs the test."""
    graph = networkx.DiGraph([(above, name) for name, after in edges(spec).items() for above in after])
    graph.add_nodes_from(edges(spec))
    assert networkx.is_directed_acyclic_graph(graph)
    tests = [_last(entry["unique_id"]) for _, entry in items if entry.get("resource_type") == "test"]
    found = set()
    for task_id, task in tasks(spec).items():
        for test in set(tests) & {_last(word) for word in task.arguments["command"]}:
            below = networkx.descendants(graph, task_id)
            found |= {(test, _last(each)) for each in below if each.startswith("marts.")}
    return found


def _last(name: str) -> str:
    return name.rpartition(".")[2]


@settings(deadline=None)
@given(projects())
def test_a_test_gates_what_dbt_build_gates(items):
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.team("shop", *items, text=LOAD)
        assert gated_by_us(world.spec("shop_daily"), items) == gated_by_dbt(items)


MODELS = {
    "a": "select 1 as id",
    "b": "select 2 as id",
    "c": "select 3 as id",
    "both": "select * from {{ ref('a') }} union all select * from {{ ref('b') }}",
    "warned": "select * from {{ ref('a') }} union all select * from {{ ref('c') }}",
}
PROPERTIES = """
models:
  - name: a
    columns:
      - name: id
        data_tests:
          - relationships: {arguments: {to: ref('b'), field: id}}
  - name: c
    columns:
      - name: id
        data_tests:
          - relationships: {arguments: {to: ref('a'), field: id}, config: {severity: warn}}
"""
FILES = {
    "profiles.yml": {
        "playground": {
            "target": "dev",
            "outputs": {"dev": {"type": "duckdb", "path": "warehouse.duckdb", "threads": 1}},
        }
    },
    "dbt_project.yml": {
        "models": {"playground": {"+materialized": "table", "+meta": {"scheduler": {"pipelines": DAILY}}}}
    },
    "models/properties.yml": PROPERTIES,
    "scheduler.yaml": "version: 0.17\nteam: shop\n",
    **{f"models/{name}.sql": text for name, text in MODELS.items()},
}


def test_what_fails_and_what_does_not_run_is_that_of_dbt_build(tmp_path):
    project = make_project(tmp_path / "shop", FILES)
    assert dbt(project, "build").returncode == 1
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    built = {_last(each["unique_id"]) for each in results if each["status"] == "success"}
    assert built & MODELS.keys() == {"a", "b", "c", "warned"}
    (project / "warehouse.duckdb").unlink()
    world = World(tmp_path)
    world.adopt(project)
    unscheduled_parents = run_tasks(world.spec("shop_daily"), project)
    assert {_last(task_id) for task_id in unscheduled_parents} & MODELS.keys() == built & MODELS.keys()

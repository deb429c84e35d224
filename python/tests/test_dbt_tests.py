"""Which task runs which dbt test."""

import pytest

from build import World, data_test, edges, ephemeral, node, source, tasks

DAILY, HOURLY = ["daily"], ["hourly"]


def runs(world: World, dag_id: str = "shop_daily") -> dict[str, list[str]]:
    """The tests that each task runs, by the last part of their selector."""
    found = {}
    for task_id, task in tasks(world.spec(dag_id)).items():
        words = task.arguments["command"]
        selectors = words[words.index("--select") + 1 : words.index("--indirect-selection")]
        found[task_id] = [word.rpartition(".")[2] for word in selectors if ".t_" in word]
    return {task_id: names for task_id, names in found.items() if names}


def world_of(tmp_path, *items, text: str = "") -> World:
    world = World(tmp_path)
    world.team("shop", *items, text=text)
    return world


def test_with_the_only_parent(tmp_path):
    world = world_of(tmp_path, node("a", pipelines=DAILY), data_test("t_2", "a"), data_test("t_1", "a"))
    assert runs(world) == {"marts.a": ["t_1", "t_2"]}


def test_with_the_parent_below_all_others(tmp_path):
    world = world_of(
        tmp_path,
        node("a", pipelines=DAILY),
        node("b", "a", pipelines=DAILY),
        node("c", "b", pipelines=DAILY),
        data_test("t_all", "c", "a", "b"),
    )
    assert runs(world) == {"marts.c": ["t_all"]}


def test_else_alone_after_all_of_them(tmp_path):
    world = world_of(
        tmp_path,
        node("a", pipelines=DAILY),
        node("b", "a", pipelines=DAILY),
        node("c", "a", pipelines=DAILY),
        data_test("t_all", "c", "a", "b"),
    )
    assert runs(world) == {"dbt_tests.t_all": ["t_all"]}
    assert edges(world.spec("shop_daily"))["dbt_tests.t_all"] == ("marts.a", "marts.b", "marts.c")
    assert tasks(world.spec("shop_daily"))["dbt_tests.t_all"].arguments["command"][1] == "test"


def test_parents_outside_the_dag_do_not_count(tmp_path):
    world = world_of(
        tmp_path,
        node("a", pipelines=HOURLY),
        node("b", "a", pipelines=DAILY),
        data_test("t_both", "a", "b"),
        data_test("t_a", "a"),
    )
    assert runs(world) == {"marts.b": ["t_both"]}
    assert runs(world, "shop_hourly") == {"marts.a": ["t_a", "t_both"]}


def test_a_parent_that_never_runs_stands_for_what_it_reads(tmp_path):
    world = world_of(
        tmp_path,
        node("a", pipelines=DAILY),
        ephemeral("e", "a"),
        data_test("t_e", "e"),
        data_test("t_ae", "a", "e"),
    )
    assert runs(world) == {"marts.a": ["t_ae", "t_e"]}


def test_of_a_table_that_a_declared_task_fills(tmp_path):
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], assets: [events]}]"
    world = world_of(
        tmp_path,
        source("raw.events"),
        node("z", "raw.events", pipelines=DAILY),
        data_test("t_events", "raw.events"),
        text=text,
    )
    assert edges(world.spec("shop_daily")) == {
        "load": (),
        "marts.z": ("load",),
        "dbt_tests.t_events": ("load",),
    }


def test_after_means_a_task_of_its_own_that_nobody_waits_for(tmp_path):
    world = world_of(
        tmp_path,
        node("a", pipelines=DAILY),
        node("b", "a", pipelines=DAILY),
        data_test("t_1", "a"),
        data_test("t_2", "a"),
        data_test("t_ab", "a", "b"),
        text="dbt_settings: {tests: after}",
    )
    assert runs(world) == {"dbt_tests.a": ["t_1", "t_2"], "dbt_tests.b": ["t_ab"]}
    assert edges(world.spec("shop_daily")) == {
        "dbt_tests.a": ("marts.a",),
        "dbt_tests.b": ("marts.b",),
        "marts.a": (),
        "marts.b": ("marts.a",),
    }


def test_none_means_none(tmp_path):
    world = world_of(
        tmp_path,
        node("a", pipelines=DAILY),
        node("b", pipelines=DAILY),
        data_test("t_1", "a"),
        data_test("t_ab", "a", "b"),
        data_test("t_raw", "raw.x"),
        source("raw.x"),
        text="dbt_settings: {tests: none}",
    )
    assert runs(world) == {}
    assert world.findings() == []


@pytest.mark.parametrize(("reads", "found"), [(("raw.x",), True), ((), True), (("a",), False)])
def test_sch110(tmp_path, reads, found):
    world = world_of(tmp_path, node("a", pipelines=DAILY), source("raw.x"), data_test("t_raw", *reads))
    assert (
        world.findings()
        == [
            "shop/scheduler.yaml: SCH110 no DAG runs 1 dbt test of data that no pipeline makes, such as raw sources; "
            'one is "t_raw" | give what is tested pipelines, or test it elsewhere'
        ]
        * found
    )

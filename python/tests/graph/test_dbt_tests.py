"""Which tasks run which dbt tests."""

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


def test_a_parent_that_never_runs_passes_on_its_own_parents(tmp_path):
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
        "dbt_tests.t_events": ("load",),
        "marts.z": ("dbt_tests.t_events", "load"),
    }


def test_what_reads_all_parents_waits_for_the_test(tmp_path):
    world = world_of(
        tmp_path,
        node("a", pipelines=DAILY),
        node("b", pipelines=DAILY),
        node("of_a", "a", pipelines=DAILY),
        node("of_b", "b", pipelines=DAILY),
        node("both", "of_a", "of_b", pipelines=DAILY),
        node("later", "both", pipelines=DAILY),
        data_test("t_ab", "a", "b"),
    )
    assert edges(world.spec("shop_daily")) == {
        "marts.a": (),
        "marts.b": (),
        "marts.of_a": ("marts.a",),
        "marts.of_b": ("marts.b",),
        "dbt_tests.t_ab": ("marts.a", "marts.b"),
        "marts.both": ("dbt_tests.t_ab", "marts.of_a", "marts.of_b"),
        "marts.later": ("marts.both",),
    }


def test_a_reader_in_another_dag_waits_for_the_node_only(tmp_path):
    both = (node("both", "a", "b", pipelines=["weekly"]), data_test("t_ab", "a", "b"))
    world = world_of(tmp_path, node("a", pipelines=DAILY), node("b", pipelines=DAILY), *both)
    assert edges(world.spec("shop_weekly"))["marts.both"] == (
        "wait_for__hard_dependencies.a",
        "wait_for__hard_dependencies.b",
    )
    assert {sensor.producer.task_id for sensor in world.spec("shop_weekly").sensors} == {"marts.a", "marts.b"}


def test_a_reader_through_another_dag_does_not_wait(tmp_path):
    """In this DAG it is not downstream of both: it is unknown when the other DAG read them."""
    world = world_of(
        tmp_path,
        node("a", pipelines=DAILY),
        node("b", pipelines=DAILY),
        node("h", "a", pipelines=HOURLY),
        node("both", "h", "b", pipelines=DAILY),
        data_test("t_ab", "a", "b"),
    )
    assert edges(world.spec("shop_daily"))["marts.both"] == (
        "marts.b",
        "wait_for__hard_dependencies.h",
    )


def test_a_declared_task_waits_for_the_test_of_its_conditions(tmp_path):
    text = "tasks: [{kind: universal, name: send, command: x, pipelines: [daily], conditions: [a, b]}]"
    items = (node("a", pipelines=DAILY), node("b", pipelines=DAILY), data_test("t_ab", "a", "b"))
    world = world_of(tmp_path, *items, text=text)
    assert edges(world.spec("shop_daily"))["send"] == ("dbt_tests.t_ab", "marts.a", "marts.b")


def test_of_a_task_that_fills_two_tables_only_readers_of_the_tested_one_wait(tmp_path):
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], assets: [good, bad]}]"
    world = world_of(
        tmp_path,
        *(source("raw.good"), source("raw.bad"), data_test("t_bad", "raw.bad")),
        node("of_good", "raw.good", pipelines=DAILY),
        node("of_bad", "raw.bad", pipelines=DAILY),
        text=text,
    )
    spec = world.spec("shop_daily")
    assert edges(spec)["marts.of_good"] == ("load",)
    assert edges(spec)["marts.of_bad"] == ("dbt_tests.t_bad", "load")
    assert {name: task.reads for name, task in tasks(spec).items() if task.reads} == {
        "marts.of_good": ("shop.good",),
        "marts.of_bad": ("shop.bad",),
    }


def test_after_is_a_separate_task_without_downstream_tasks(tmp_path):
    world = world_of(
        tmp_path,
        node("a", pipelines=DAILY),
        node("b", "a", pipelines=DAILY),
        data_test("t_1", "a"),
        data_test("t_2", "a"),
        data_test("t_ab", "a", "b"),
        node("c", pipelines=DAILY),
        node("d", "a", "c", pipelines=DAILY),
        data_test("t_ac", "a", "c"),
        text="dbt_settings: {tests: after}",
    )
    assert runs(world) == {
        "dbt_tests.a": ["t_1", "t_2"],
        "dbt_tests.b": ["t_ab"],
        "dbt_tests.t_ac": ["t_ac"],
    }
    assert edges(world.spec("shop_daily")) == {
        "dbt_tests.a": ("marts.a",),
        "dbt_tests.b": ("marts.b",),
        "dbt_tests.t_ac": ("marts.a", "marts.c"),
        "marts.a": (),
        "marts.b": ("marts.a",),
        "marts.c": (),
        "marts.d": ("marts.a", "marts.c"),
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
            "shop/scheduler.yaml: SCH110 no DAG runs 1 dbt test of data that no pipeline builds, such as raw sources, "
            'for example "t_raw" | add pipelines to the tested node, or run the tests outside Airflow'
        ]
        * found
    )


def test_sch110_of_another_teams_table(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("shipping.fct", file="models/global_assets/g.yml"),
        node("a", "shipping.fct", pipelines=["daily"]),
        data_test("there", "shipping.fct"),
    )
    assert world.findings("SCH110") == [
        'shop/scheduler.yaml: SCH110 no DAG runs 1 dbt test of other teams\' tables, for example "there"'
        " | test a model that reads the table; the table itself is tested by its own team"
    ]

"""Ids in Airflow, and the findings if two things would get the same one."""

import re

from hypothesis import given
from hypothesis import strategies as st

from build import World, data_test, node, seed, sensors, source
from dbt_scheduler.graph.task_ids import DBT_TESTS, SENSOR_GROUPS, name_of
from dbt_scheduler.registry.entry import full_task_id

DAILY = ["daily"]
GLOBAL = "models/global_assets/g.yml"
EXPOSED = 'exposed_assets: [{regex: ".*"}]'


@given(st.text(min_size=1, max_size=400))
def test_an_id_is_one_that_airflow_takes(name):
    for group in (*SENSOR_GROUPS.values(), DBT_TESTS, "g" * 60):
        task_id = full_task_id(group, name_of(name))
        assert len(task_id) <= 250
        assert re.fullmatch(r"[\w.-]+", task_id)


def test_long_names_stay_two(tmp_path):
    world = World(tmp_path)
    names = ["m" * 300 + end for end in "ab"]
    world.team("shop", *(node(name, folder="g" * 90, pipelines=DAILY) for name in names))
    assert world.findings() == []
    one, two = (task.task_id for task in world.spec("shop_daily").tasks)
    assert (len(one), len(two)) == (241, 241)
    assert one[:200] == two[:200]


def test_sensors_are_named_after_the_asset_and_with_the_team_where_two_share_it(tmp_path):
    world = World(tmp_path)
    names = ["shipping.fct", "trains.fct", "trains.only"]
    world.team(
        "shop",
        *(source(name, file=GLOBAL) for name in names),
        node("a", *names, pipelines=DAILY),
        node("b", "shipping.fct", pipelines=DAILY, dependencies={"fct": "soft"}),
    )
    world.team("shipping", node("fct", pipelines=DAILY), text=EXPOSED)
    world.team("trains", node("fct", pipelines=DAILY), node("only", pipelines=DAILY), text=EXPOSED)
    assert list(sensors(world.spec("shop_daily"))) == [
        "wait_for__hard_dependencies.only",
        "wait_for__hard_dependencies.shipping__fct",
        "wait_for__hard_dependencies.trains__fct",
        "wait_for__soft_dependencies.shipping__fct",
    ]
    assert world.findings() == []


def test_assets_that_differ_in_a_character_that_airflow_does_not_take(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("a b", pipelines=["hourly"]),
        node("a_b", pipelines=["hourly"], folder="other"),
        node("z", "a b", "a_b", pipelines=["weekly"]),
    )
    found = world.findings("SCH107")
    assert found == [
        'shop/models/marts/z.sql: SCH107 "the sensor of shop.a b" and "the sensor of shop.a_b" both have the task_id wait_for__hard_dependencies.shop__a_b in '
        "shop_weekly | change the group or the name of one of them"
    ]


def test_sch107(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("orders+eu", pipelines=DAILY), node("orders_eu", pipelines=DAILY))
    assert world.findings() == [
        'shop/models/marts/orders_eu.sql: SCH107 "model.shop.orders+eu" and "model.shop.orders_eu" both have the task_id marts.orders_eu in '
        "shop_daily | change the group or the name of one of them"
    ]


def test_sch107_of_a_name_with_a_dot(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("marts.a", folder="", pipelines=DAILY), node("a", pipelines=DAILY))
    assert [line.split(" | ")[0] for line in world.findings()] == [
        'shop/models/marts.a.sql: SCH107 "model.shop.a" and "model.shop.marts.a" both have the task_id marts.a in shop_daily'
    ]


def test_sch107_of_tests(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        *(node(name, pipelines=DAILY) for name in "ab"),
        data_test("b", "a", "b"),
        data_test("t", "b"),
        text="dbt_settings: {tests: after}",
    )
    assert [line.split(" | ")[0] for line in world.findings()] == [
        'shop/models/marts/a.sql: SCH107 "the tests of model.shop.b" and "test.shop.b" both have the task_id dbt_tests.b in '
        "shop_daily"
    ]


def test_sch107_of_a_model_called_like_a_group_of_the_schedulers(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("on_run_start", folder="", pipelines=DAILY))
    assert [line.split(" | ")[0] for line in world.findings()] == [
        'shop/models/on_run_start.sql: SCH107 "the reserved group on_run_start" and "model.shop.on_run_start" both have the task_id on_run_start in '
        "shop_daily"
    ]


def test_two_names_in_two_dags_or_groups_are_fine(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("a+b", pipelines=DAILY),
        node("a_b", pipelines=["hourly"]),
        node("c", pipelines=DAILY),
        node("c", package="utils", folder="other"),
    )
    assert world.findings() == []


def test_sch108_of_a_reserved_group(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("a", folder="dbt_tests", pipelines=DAILY))
    assert world.findings() == [
        'shop/models/dbt_tests/a.sql: SCH108 "dbt_tests" is not a valid group for "a": the name is reserved for tasks that dbt-scheduler adds'
        " | set a different group in its meta.scheduler"
    ]


def test_sch108_of_a_group_called_like_a_task(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop", node("orders", folder="", pipelines=DAILY), node("a", folder="orders", pipelines=DAILY)
    )
    assert world.findings() == [
        'shop/models/orders/a.sql: SCH108 "orders" is not a valid group for "a": the task of model.shop.orders has the same id'
        " | set a different group in its meta.scheduler"
    ]


def test_sch108_once_for_a_folder_that_is_called_like_a_seed(tmp_path):
    world = World(tmp_path)
    models = [node(name, folder="orders", pipelines=["daily"]) for name in "abc"]
    world.team("shop", seed("orders", pipelines=["daily", "hourly"]), *models)
    assert world.findings("SCH108") == [
        'shop/models/orders/a.sql: SCH108 "orders" is not a valid group for "a" and 2 others: the task of seed.shop.orders has the same id'
        " | set a different group in its meta.scheduler"
    ]

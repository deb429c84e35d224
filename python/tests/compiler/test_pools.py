"""One writer per table: the pools of tables that several pipelines build, and the command that prints them."""

import json
import re
from pathlib import Path

import pytest

from build import PLATFORM, World, node, source, tasks
from command import run

BOTH = ["hourly", "daily"]
WAREHOUSE = f"{PLATFORM}dbt: {{pool: warehouse}}\npools: {{warehouse: 8}}\n"


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    return World(Path(), WAREHOUSE)


def pool(world: World, dag_id: str, task_id: str) -> str | None:
    return tasks(world.spec(dag_id))[task_id].pool


def test_a_table_of_several_pipelines_has_its_own_pool(world):
    world.team("shop", node("dim", pipelines=BOTH), node("fct", "dim", pipelines=["daily"]))
    assert pool(world, "shop_hourly", "marts.dim") == "one_writer.shop.dim"
    assert pool(world, "shop_daily", "marts.dim") == "one_writer.shop.dim"
    assert pool(world, "shop_daily", "marts.fct") == "warehouse"


def test_so_is_what_a_declared_task_makes_in_several_pipelines(world):
    task = "{kind: universal, name: load, command: x, pipelines: [hourly, daily]%s}"
    world.file("platform.yaml", f"{WAREHOUSE}kinds: {{universal: {{pool: warehouse}}}}\n")
    world.team(
        "shop",
        source("raw.raw_orders"),
        text=f"tasks: [{task % ', assets: [raw_orders]'}, {task.replace('load', 'ping') % ''}]\n",
    )
    assert pool(world, "shop_daily", "load") == "one_writer.shop.load"
    assert pool(world, "shop_daily", "ping") == "warehouse"  # it produces no table


@pytest.mark.parametrize(
    ("platform", "expected"), [(PLATFORM, "dbt_scheduler"), (WAREHOUSE.replace("8", "1"), "warehouse")]
)
def test_a_pool_with_one_slot_keeps_its_tasks_because_a_task_has_only_one_pool(world, platform, expected):
    world.file("platform.yaml", platform)
    world.team("shop", node("dim", pipelines=BOTH))
    assert pool(world, "shop_daily", "marts.dim") == expected


def test_a_table_of_several_pipelines_stays_in_the_pool_with_one_slot_that_its_node_names(world):
    world.file("platform.yaml", f"{PLATFORM}pools: {{dbt_scheduler: 8, single: 1}}\n")
    world.team("shop", node("dim", pipelines=BOTH, pool="single"))
    assert world.findings("SCH221") == []
    assert pool(world, "shop_hourly", "marts.dim") == pool(world, "shop_daily", "marts.dim") == "single"


@pytest.mark.parametrize(
    ("pools", "slots", "choices"),
    [
        ("other: 8, dbt_scheduler: 2", "has 8 slots", ""),
        ("one: 1", "is not defined under pools in platform.yaml", ": dbt_scheduler, one"),
    ],
)
def test_a_table_of_several_pipelines_in_a_pool_with_room_for_two_writers(world, pools, slots, choices):
    world.file("platform.yaml", f"{PLATFORM}pools: {{{pools}}}\n")
    task = "{kind: universal, name: load, command: x, pipelines: [hourly, daily], assets: [raw_orders], pool: other}"
    world.team(
        "shop",
        node("dim", pipelines=BOTH, pool="other"),
        node("fct", pipelines=["daily"], pool="other"),
        source("raw.raw_orders"),
        text=f"tasks: [{task}]\n",
    )
    hint = (
        "remove `pool`, so that the platform lets only one DAG at a time build the table, or use a pool with one slot from `pools` in platform.yaml"
        f"{choices}"
    )
    assert world.findings("SCH221") == [
        f'{place}: SCH221 "{name}" is built in several pipelines (hourly, daily), but its pool "other" {slots} | {hint}'
        for place, name in (("shop/models/marts/dim.sql", "dim"), ("shop/scheduler.yaml:3", "load"))
    ]


def test_a_pool_that_may_not_exist_is_a_warning(world):
    world.team(
        "shop",
        node("fct", pipelines=["daily"], pool="warehous"),
        node("idle", pool="warehous"),
        *(node(name, pipelines=["daily"], pool=name) for name in ("default_pool", "warehouse")),
        text="tasks: [{kind: universal, name: load, command: x, pipelines: [daily], pool: x}]\n",
    )
    words = 'SCH222 "{}" uses the pool "{}", which is not defined under pools in platform.yaml'
    assert world.findings() == [
        f'shop/models/marts/fct.sql: {words.format("fct", "warehous")} | did you mean "warehouse"?',
        f"shop/scheduler.yaml:3: {words.format('load', 'x')}"
        " | available pools: dbt_scheduler, default_pool, warehouse",
    ]


@pytest.mark.parametrize("name", ["Größe", "a b", "x" * 400])
def test_a_pool_has_a_name_that_airflow_takes(world, name):
    world.team("shop", node(name, pipelines=BOTH))
    ((found,),) = ([task.pool for task in spec.tasks] for spec in [world.spec("shop_daily")])
    assert re.fullmatch(r"one_writer\.shop\.[A-Za-z0-9_.-]+", found)
    assert len(found) <= 256


def test_the_pools_are_printed_as_airflow_imports_them(world):
    world.team("shop", node("dim", pipelines=BOTH), node("fct", "dim", pipelines=["daily"]))
    run("compile", "shop", "--out", "out")
    result = run("pools", "--out", "out")
    assert json.loads(result.stdout) == {
        "one_writer.shop.dim": {
            "slots": 1,
            "description": "dbt-scheduler: shop.dim is built in several pipelines, one at a time",
            "include_deferred": True,
        },
        "warehouse": {
            "slots": 8,
            "description": "dbt-scheduler: pools in platform.yaml",
            "include_deferred": True,
        },
    }
    assert result.stderr == ""
    assert run("pools").stdout == result.stdout


def test_a_pool_without_a_size_is_not_printed(world):
    world.file("platform.yaml", WAREHOUSE.replace("pools: {warehouse: 8}", "defaults: {pool: default_pool}"))
    world.team("shop", node("dim", pipelines=["daily"]))
    run("compile", "shop", "--out", "out")
    result = run("pools", "--out", "out")
    assert json.loads(result.stdout) == {}
    assert result.stderr == (
        "warning: the pool warehouse is not defined under pools in platform.yaml, so it is not printed\n"
    )


def test_there_is_nothing_to_print_without_dags(world):
    assert run("pools", "--out", "nowhere", code=2).stderr == (
        "no compiled DAGs found in nowhere/dags\n"
        "  hint: set --out to the output folder of `dbt-scheduler compile`\n"
    )


def test_a_pool_has_a_number_of_slots(world):
    world.file("platform.yaml", f"{PLATFORM}pools: {{warehouse: many}}\n")
    world.team("shop", node("dim", pipelines=BOTH))
    assert 'SCH405 "pools.warehouse"' in run("check", "shop", code=2).stderr

"""dbt's functions (UDFs): tasks that dbt builds, upstream of the nodes that call them."""

import duckdb
import pytest
import yaml

from build import World, data_test, edges, function, node, sensors, source, tasks
from dbt_projects import dbt, make_project, run_tasks
from dbt_scheduler.adopt.reads import find_makers, find_matches

DAILY, HOURLY = ["daily"], ["hourly"]
IN_EURO = "function.shop.in_euro"


def world_of(tmp_path, *items, text: str = "") -> World:
    world = World(tmp_path)
    world.team("shop", *items, text=text)
    return world


def test_it_runs_after_its_inputs_and_before_its_callers(tmp_path):
    world = world_of(
        tmp_path,
        node("rates", pipelines=DAILY),
        function("in_euro", "rates", pipelines=DAILY, owners=["@a"], retries=5, group="money"),
        node("revenue", IN_EURO, pipelines=DAILY),
    )
    spec = world.spec("shop_daily")
    assert edges(spec) == {
        "marts.rates": (),
        "money.in_euro": ("marts.rates",),
        "marts.revenue": ("money.in_euro",),
    }
    task = tasks(spec)["money.in_euro"]
    assert (task.owners, task.retries, task.assets) == (("@a",), 5, ("shop.in_euro",))
    assert task.arguments["command"][:4] == ["dbt", "build", "--select", "fqn:shop.in_euro"]
    assert world.findings() == []


def test_one_that_no_pipeline_runs_leaves_the_edge_and_is_a_warning(tmp_path):
    items = (node("rates", pipelines=DAILY), function("in_euro", "rates"))
    world = world_of(tmp_path, *items, node("revenue", IN_EURO, pipelines=DAILY))
    assert edges(world.spec("shop_daily")) == {"marts.rates": (), "marts.revenue": ("marts.rates",)}
    assert world.findings() == [
        'shop/models/marts/revenue.sql: SCH105 "revenue" reads the function "in_euro", which no pipeline runs'
        ' | add pipelines to "in_euro"'
    ]


def test_what_one_that_no_pipeline_runs_reads_is_read_at_each_call(tmp_path):
    items = (node("rates"), function("in_euro", "rates"), node("revenue", IN_EURO, pipelines=DAILY))
    found = world_of(tmp_path, *items).findings("SCH105")
    assert [line.partition(",")[0].rpartition("reads ")[2] for line in found] == [
        'the function "in_euro"',
        'the model "rates"',
    ]


def test_one_of_another_pipeline_is_waited_for(tmp_path):
    items = (function("in_euro", pipelines=DAILY), node("revenue", IN_EURO, pipelines=["weekly"]))
    (sensor,) = sensors(world_of(tmp_path, *items).spec("shop_weekly")).values()
    assert (sensor.asset, sensor.producer.dag_id, sensor.producer.task_id) == (
        "in_euro",
        "shop_daily",
        "in_euro",
    )


def test_another_team_waits_for_it_as_for_a_table(tmp_path):
    world = World(tmp_path)
    world.team("money", function("in_euro", pipelines=DAILY), text="exposed_assets: [{regex: in_euro}]")
    items = (
        source("money.in_euro", meta={"global_asset": True}),
        node("r", "money.in_euro", pipelines=DAILY),
    )
    world.team("shop", *items)
    (sensor,) = sensors(world.spec("shop_daily")).values()
    assert (sensor.team, sensor.asset, sensor.producer.task_id) == ("money", "in_euro", "in_euro")


def test_a_declared_task_may_name_it_as_a_condition(tmp_path):
    text = "tasks: [{kind: universal, name: send, command: x, conditions: [in_euro]}]"
    world = world_of(tmp_path, function("in_euro", pipelines=DAILY), text=text)
    assert edges(world.spec("shop_daily")) == {"in_euro": (), "send": ("in_euro",)}


def test_a_test_of_it_runs_with_it(tmp_path):
    items = (function("in_euro", pipelines=DAILY), data_test("is_positive", IN_EURO))
    words = tasks(world_of(tmp_path, *items).spec("shop_daily"))["in_euro"].arguments["command"]
    assert words[3:5] == ["fqn:shop.in_euro", "fqn:shop.marts.is_positive"]


def test_a_model_of_the_same_name_is_not_selected_with_it(tmp_path):
    items = (
        function("in_euro", pipelines=DAILY),
        node("in_euro", folder="", pipelines=HOURLY, group="tables"),
    )
    spec = world_of(tmp_path, *items).spec("shop_daily")
    assert tasks(spec)["in_euro"].arguments["command"][3] == (
        "fqn:shop.in_euro,package:shop,path:functions/in_euro.sql"
    )


def test_a_table_with_the_relation_of_a_function_is_not_the_function(tmp_path):
    items = (
        function("rates", schema="money", pipelines=DAILY),
        source("money.rates"),
        node("r", "money.rates", pipelines=DAILY),
    )
    world = world_of(tmp_path, *items)
    assert world.findings() == []
    project = world.look().project
    assert find_matches(project, find_makers([project], {})) == []


def test_its_meta_is_checked(tmp_path):
    meta = {"pipelines": ["dayly"], "nonsense": 1}
    world = world_of(tmp_path, function("in_euro", patch_path="shop://functions/f.yml", **meta))
    entry = {"name": "in_euro", "config": {"meta": {"scheduler": meta}}}
    world.file("shop/functions/f.yml", yaml.safe_dump({"functions": [entry]}, sort_keys=False))
    assert world.findings() == [
        'shop/functions/f.yml:6: SCH102 "in_euro" is assigned to the unknown pipeline "dayly" | did you mean "daily"?',
        'shop/functions/f.yml:8: SCH101 meta.scheduler of "in_euro": unknown key "nonsense"'
        " | allowed keys: pipelines, group, owners, retries, timeout, queue, pool, priority, dependencies, project, region, cpus, memory",
    ]


@pytest.mark.parametrize("parent", ["metric.shop.revenue", "semantic_model.shop.orders", "thing.shop.new"])
def test_sch111_whatever_else_is_read_is_an_error(tmp_path, parent):
    items = (
        node("plain", parent, pipelines=DAILY),
        node("inlined", parent, materialized="ephemeral"),
        node("never", parent),
        node("z", "inlined", pipelines=DAILY),
    )
    said = f"reads {parent}, which is neither a node nor a source: its dependencies are unknown"
    hint = "read the underlying model or a source instead"
    assert world_of(tmp_path, *items).findings() == [
        f'shop/models/marts/{name}.sql: SCH111 "{name}" {said} | {hint}' for name in ("inlined", "plain")
    ]


FILES = {
    "profiles.yml": {
        "playground": {
            "target": "dev",
            "outputs": {"dev": {"type": "duckdb", "path": "warehouse.duckdb", "threads": 1}},
        }
    },
    "dbt_project.yml": {"models": {"playground": {"+materialized": "table"}}},
    "scheduler.yaml": "version: 0.17\nteam: shop\n",
    "models/rates.sql": "{{ config(meta={'scheduler': {'pipelines': ['daily']}}) }} select 0.5 as rate",
    "models/revenue.sql": (
        "{{ config(meta={'scheduler': {'pipelines': ['daily']}}) }} select {{ function('in_euro') }}(10) as euro"
    ),
    "models/sources.yml": {
        "sources": [{"name": "main", "tables": [{"name": "in_euro"}]}],
    },
    # # with another team's name for it
    "models/called.sql": (
        "{{ config(meta={'scheduler': {'pipelines': ['daily']}}) }}\n-- depends_on: {{ ref('revenue') }}\n"
        "select {{ source('main', 'in_euro') }}(20) as euro"
    ),
    "functions/in_euro.sql": "select amount * max(rate) from {{ ref('rates') }}",
    "functions/functions.yml": {
        "functions": [
            {
                "name": "in_euro",
                "config": {"meta": {"scheduler": {"pipelines": ["daily"]}}},
                "arguments": [{"name": "amount", "data_type": "double"}],
                "returns": {"data_type": "double"},
            }
        ]
    },
    # # dbt-duckdb 1.11 does not support functions yet: in DuckDB they are macros.
    "macros/scalar.sql": (
        "{% macro duckdb__scalar_function_sql(target) %}create or replace macro {{ target }}"
        "({{ model.arguments | map(attribute='name') | join(', ') }}) as ({{ model.compiled_code }}){% endmacro %}"
    ),
}


def test_dbt_builds_it_before_its_callers(tmp_path):
    project = make_project(tmp_path / "shop", FILES)
    assert dbt(project, "parse").returncode == 0
    world = World(tmp_path)
    world.adopt(project)
    spec = world.spec("shop_daily")
    assert run_tasks(spec, project) == {"rates", "in_euro", "revenue", "called"}
    with duckdb.connect(project / "warehouse.duckdb", read_only=True) as warehouse:
        (revenue,) = warehouse.execute("select euro from revenue").fetchone()
        (called,) = warehouse.execute("select euro from called").fetchone()
    assert (revenue, called) == (5, 10)

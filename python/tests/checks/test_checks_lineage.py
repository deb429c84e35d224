"""SCH103 to SCH106, SCH109: a node's settings compared with its lineage."""

import json

import pytest

from build import World, ephemeral, manifest, node, seed, source

DAILY, HOURLY = ["daily"], ["hourly"]


def reported(tmp_path, *items) -> list[str]:
    world = World(tmp_path)
    world.team("shop", *items)
    return [line.removeprefix("shop/models/marts/") for line in world.findings()]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ordrs", 'did you mean "orders"?'),
        ("zzz", "use the name of an asset that the node reads, or remove the entry"),
    ],
)
def test_sch103(tmp_path, name, hint):
    items = (
        node("orders", pipelines=HOURLY),
        node("z", "orders", pipelines=DAILY, dependencies={name: "soft"}),
    )
    assert reported(tmp_path, *items) == [
        f'z.sql: SCH103 "z" lists "{name}" under dependencies, but does not read an asset with that name | {hint}'
    ]


def test_sch104(tmp_path):
    items = (
        node("orders", pipelines=DAILY),
        node("z", "orders", pipelines=DAILY, dependencies={"orders": "soft"}),
    )
    assert reported(tmp_path, *items) == [
        'z.sql: SCH104 "z" lists "orders" under dependencies, but both run in the same DAG, shop_daily'
        " | remove the entry: within a DAG, a task always runs after its parents"
    ]


def test_a_parent_that_is_waited_for_in_one_of_two_pipelines_may_be_named(tmp_path):
    items = (
        node("orders", pipelines=DAILY),
        node("z", "orders", pipelines=["daily", "weekly"], dependencies={"orders": "soft"}),
    )
    assert [line for line in reported(tmp_path, *items) if "SCH109" not in line] == []


def test_a_name_that_could_not_be_resolved_is_reported_once(tmp_path):
    items = (
        source("global_assets.fct"),
        node("z", "global_assets.fct", pipelines=DAILY, dependencies={"fct": "soft"}),
    )
    assert [line.split(" ")[1] for line in reported(tmp_path, *items)] == ["SCH301"]


def test_sch105_sch106_and_sch111(tmp_path):
    items = (
        node("far"),
        node("table", "far"),
        node("view", "behind", materialized="view"),
        node("behind"),
        node("inside"),
        ephemeral("inlined", "inside"),
        seed("codes"),
        node("z", "table", "view", "inlined", "model.shop.none", "seed.shop.codes", pipelines=DAILY),
    )
    assert reported(tmp_path, *items) == [
        'z.sql: SCH105 "z" reads the model "behind", which no pipeline runs | add pipelines to "behind"',
        'z.sql: SCH105 "z" reads the model "inside", which no pipeline runs | add pipelines to "inside"',
        'z.sql: SCH105 "z" reads the model "table", which no pipeline runs | add pipelines to "table"',
        'z.sql: SCH106 "z" reads the seed "codes", which no pipeline runs | add pipelines to "codes" if it changes',
        'z.sql: SCH106 "z" reads the view "view", which no pipeline runs | add pipelines to "view" if it changes',
        'z.sql: SCH111 "z" reads model.shop.none, which is neither a node nor a source: its dependencies are unknown'
        " | read the underlying model or a source instead",
    ]


def test_nothing_is_reported_of_what_no_scheduled_node_reads(tmp_path):
    assert reported(tmp_path, node("a"), node("b", "a"), node("z", pipelines=DAILY)) == []


def test_sch109(tmp_path):
    assert reported(tmp_path, node("z", pipelines=["hourly", "daily"])) == [
        'z.sql: SCH109 "z" is built in several pipelines: hourly, daily'
        " | keep only one of them, unless each must update the table"
    ]


def test_sch109_of_a_table_that_a_declared_task_fills_in_two_pipelines(tmp_path):
    world = World(tmp_path)
    text = "tasks: [{kind: universal, name: t, command: x, pipelines: [hourly, daily], assets: [crm.events]}]"
    world.team("shop", source("crm.events"), text=text)
    assert world.findings() == [
        'shop/scheduler.yaml:3: SCH109 "events" is built in several pipelines: hourly, daily'
        " | keep only one of them, unless each must update the table"
    ]


def test_sch113(tmp_path):
    world = World(tmp_path)
    world.team("ships", node("fct", pipelines=DAILY), text='exposed_assets: [{regex: "fct"}]')
    both = {"fct": "no_wait", "ships.fct": "hard"}
    world.team(
        "shop",
        source("ships.fct", meta={"global_asset": True}),
        node("z", "ships.fct", pipelines=DAILY, dependencies=both),
    )
    assert world.findings() == [
        'shop/models/marts/z.sql: SCH113 "z" has conflicting entries for the same asset under dependencies: '
        "fct: no_wait, ships.fct: hard | keep one of the entries"
    ]


def test_one_finding_for_all_readers_of_what_no_pipeline_runs(tmp_path):
    world = World(tmp_path)
    readers = [node(name, "table", "seed.shop.codes", pipelines=["daily"]) for name in "abc"]
    world.team("shop", seed("codes"), node("table"), *readers)
    assert world.findings() == [
        'shop/models/marts/a.sql: SCH105 "a" and 2 others read the model "table", which no pipeline runs | add pipelines to "table"',
        'shop/models/marts/a.sql: SCH106 "a" and 2 others read the seed "codes", which no pipeline runs | add pipelines to "codes" if it changes',
    ]


def test_a_misspelt_pipeline_is_one_finding_and_not_one_for_each_reader_too(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("a", pipelines=["dayly"]),
        node("b", "a", pipelines=["daily"]),
        node("c", "a", pipelines=["daily"]),
    )
    assert [line.split(" ")[1] for line in world.findings()] == ["SCH102"]


def test_how_the_model_of_a_package_gets_pipelines(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("theirs", package="dates"), node("b", "model.dates.theirs", pipelines=["daily"]))
    (found,) = world.findings()
    assert found.partition(" | ")[2] == (
        'add pipelines to "theirs" in dbt_project.yml: {models: {dates: {+meta: {scheduler: {pipelines: [...]}}}}}'
    )


@pytest.mark.parametrize(
    ("definition", "reported"),
    [
        ({"method": "package", "value": "shop"}, True),
        ({"union": [{"method": "package", "value": "shop"}, {"method": "tag", "value": "nightly"}]}, True),
        (
            {
                "union": [
                    {"method": "package", "value": "shop"},
                    {"method": "package", "value": "dbt_scheduler"},
                ]
            },
            False,
        ),
        ({"method": "fqn", "value": "*"}, False),
    ],
)
def test_sch115_a_default_selector_leaves_the_checks_out(tmp_path, definition, reported):
    world = World(tmp_path)
    mine = {"name": "mine", "default": True, "definition": definition}
    world.team("shop", node("a", pipelines=["daily"]), macros=("x",))
    world.file(
        "shop/selectors.yml", json.dumps({"selectors": [{"name": "other", "definition": "tag:x"}, mine]})
    )
    assert world.findings() == []
    document = manifest(node("a", pipelines=["daily"])) | {"macros": {"macro.dbt_scheduler.validate": {}}}
    world.file("shop/target/manifest.json", json.dumps(document))
    assert world.findings() == reported * [
        'shop/selectors.yml:1: SCH115 the default selector "mine" excludes the dbt_scheduler package, which checks the project in `dbt compile`'
        " | add {method: package, value: dbt_scheduler} to its union in selectors.yml"
    ]


@pytest.mark.parametrize(
    "text", ["", "- a", "selectors: 1", "selectors: [1, {default: true}]", "selectors: [", "a: {}"]
)
def test_sch115_with_any_selectors_file(tmp_path, text):
    world = World(tmp_path)
    world.team("shop", node("a", pipelines=["daily"]))
    world.file("shop/selectors.yml", text)
    document = manifest(node("a", pipelines=["daily"])) | {"macros": {"macro.dbt_scheduler.validate": {}}}
    world.file("shop/target/manifest.json", json.dumps(document))
    assert [line.split(" ")[1] for line in world.findings()] == ["SCH115"] * ("default" in text)

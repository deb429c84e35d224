"""Registry entries: the assets that a team produces and consumes."""

import msgspec
import pytest

from build import World, ephemeral, node, source
from dbt_scheduler.registry.backend import RegistryUnreadableError
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.encoding import decode_entry, encode_entry
from dbt_scheduler.registry.entry import AssetKey, AssetPipeline, Consumed, Contact, Produced
from dbt_scheduler.registry.relation import Relation

DAILY = ["daily"]
GLOBAL = "models/global_assets/g.yml"
EXPOSED = 'exposed_assets: [{regex: ".*"}]'


def test_what_is_produced(tmp_path):
    world = World(tmp_path)
    columns = {"id": {"name": "id", "data_type": "int64"}, "name": {"name": "name"}}
    world.team(
        "shop",
        node("orders", pipelines=["daily", "hourly"], alias="the_orders", schema="marts", columns=columns),
        node("never"),
        ephemeral("inlined", pipelines=DAILY),
        text=(
            'dag_prefix: s\nalerting: {channel: "#shop", tag: ["@a"]}\n'
            "exposed_assets: [{regex: orders, slo: {hourly: {minutes: 30}, daily: {hours: 6}}}]\n"
        ),
    )
    entry = world.look().entry
    assert (entry.dag_prefix, entry.contact) == ("s", Contact("#shop", ("@a",)))
    assert list(entry.pipelines) == ["daily", "hourly"]
    assert msgspec.structs.asdict(entry.produced["orders"]) == {
        "dag_prefix": "s",
        "task_group": "marts",
        "task_id": "orders",
        "pipeline": "hourly",
        "slo_seconds": 1800,
        "pipelines": {
            "daily": AssetPipeline(slo_seconds=21600, exposed=True),
            "hourly": AssetPipeline(slo_seconds=1800, exposed=True),
        },
        "exposed": True,
        "relation": Relation("warehouse", "marts", "the_orders"),
        "columns": {"id": "int64", "name": None},
        "latest_of": None,
        "held_up_by": {},
        "dag_id": None,
        "description": "",
        "tags": (),
        "owners": (),
        "column_descriptions": {},
        "reads": (),
    }
    assert list(entry.produced) == ["orders"]


def test_the_pipeline_is_the_most_frequent_of_those_that_are_exposed(tmp_path):
    world = World(tmp_path)
    text = "exposed_assets: [{regex: a, slo: {daily: {hours: 1}, weekly: {days: 1}}}]"
    items = (node("a", pipelines=["hourly", "daily", "weekly"]), node("b", pipelines=["hourly", "daily"]))
    world.team("shop", *items, text=text)
    produced = world.look().entry.produced
    assert (produced["a"].pipeline, produced["a"].slo_seconds) == ("daily", 3600)
    assert {name: each.exposed for name, each in produced["a"].pipelines.items()} == {
        "daily": True,
        "hourly": False,
        "weekly": True,
    }
    assert (produced["b"].pipeline, produced["b"].slo_seconds, produced["b"].exposed) == (
        "hourly",
        None,
        False,
    )


def test_a_declared_tasks_table_lives_where_its_source_says(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("raw.events", schema="landing", identifier="events_v3"),
        text="tasks: [{kind: universal, name: load, command: x, pipelines: [daily], assets: [events]}]",
    )
    made = world.look().entry.produced["events"]
    assert made.relation == Relation("warehouse", "landing", "events_v3")
    assert (made.task_group, made.task_id) == (None, "load")


def test_the_latest_version_is_also_found_by_the_bare_name(tmp_path):
    world = World(tmp_path)
    world.team("shop", *(node("dim", version=v, latest_version=2, pipelines=DAILY) for v in (1, 2)))
    entry = world.look().entry
    assert {name: made.latest_of for name, made in entry.produced.items()} == {
        "dim_v1": None,
        "dim_v2": "dim",
    }
    directory = Directory({"shop": entry})
    assert directory.named("dim") == [AssetKey("shop", "dim_v2")]
    assert directory.names() == {"dim", "dim_v1", "dim_v2"}


def consuming(tmp_path) -> World:
    world = World(tmp_path)
    world.team(
        "shop",
        source("shipping.fct", file=GLOBAL),
        node("a", "shipping.fct", pipelines=DAILY),
        node("b", "shipping.fct", pipelines=DAILY, dependencies={"fct": "soft"}),
        node("c", "shipping.fct", pipelines=DAILY, dependencies={"fct": "no_wait"}),
        node("d", "a", pipelines=["weekly"]),
        node("e", "a", "b", pipelines=DAILY),
    )
    world.team("shipping", node("fct", pipelines=["hourly"]), text=EXPOSED)
    return world


def test_what_is_consumed(tmp_path):
    words = {"pipeline": "daily", "producer_pipeline": "hourly", "task_group": "marts"}
    hard, soft = "wait_for__hard_dependencies", "wait_for__soft_dependencies"
    assert consuming(tmp_path).look().entry.consumed == {
        "shipping": {
            "fct": (
                Consumed(**words, task_id="a", sensor_task_id=f"{hard}.fct", dependency="hard"),
                Consumed(**words, task_id="b", sensor_task_id=f"{soft}.fct", dependency="soft"),
                Consumed(**words, task_id="c", sensor_task_id=None, dependency="no_wait"),
            )
        },
        "shop": {
            "a": (
                Consumed(
                    pipeline="weekly",
                    producer_pipeline="daily",
                    task_group="marts",
                    task_id="d",
                    sensor_task_id=f"{hard}.a",
                    dependency="hard",
                ),
            )
        },
    }


def test_the_waits_behind_an_asset_are_all_that_stand_above_it(tmp_path):
    produced = consuming(tmp_path).look().entry.produced
    hard, soft = "wait_for__hard_dependencies.fct", "wait_for__soft_dependencies.fct"
    assert {name: next(iter(made.pipelines.values())).waits for name, made in produced.items()} == {
        "a": (hard,),
        "b": (soft,),
        "c": (),
        "d": ("wait_for__hard_dependencies.a",),
        "e": (hard, soft),
    }


def test_a_declared_tasks_asset_has_the_columns_of_its_source_table(tmp_path):
    world = World(tmp_path)
    text = "tasks: [{kind: universal, assets: [rates], pipelines: [daily], command: run}]\n"
    world.team("shop", source("raw.rates", columns={"rate": {"data_type": "float64"}}), text=text)
    made = world.look().entry.produced["rates"]
    assert made.columns == {"rate": "float64"}
    assert str(made.relation) == "warehouse.raw.rates"


def test_the_description_of_an_asset_is_in_its_entry_and_truncated(tmp_path):
    world = World(tmp_path)
    columns = {
        "id": {"name": "id", "description": "The <b>key</b>."},
        "name": {"name": "name", "description": ""},
    }
    world.team(
        "shop",
        node("raw", pipelines=DAILY, description="x" * 3_000, tags=[f"tag_{n:03}" for n in range(150)]),
        node(
            "orders", "raw", pipelines=DAILY, columns=columns, description="One row per order.", tags=["b", "a", "b"],
            meta={"scheduler": {"pipelines": DAILY, "owners": ["zoe", "adam"]}},
        ),
    )  # fmt: skip
    produced = world.look().entry.produced
    orders, raw = produced["orders"], produced["raw"]
    assert (orders.description, orders.tags, orders.owners) == (
        "One row per order.",
        ("a", "b"),
        ("adam", "zoe"),
    )
    assert (orders.column_descriptions, orders.reads) == ({"id": "The <b>key</b>."}, ("raw",))
    assert (raw.description, len(raw.tags)) == ("x" * 1_999 + "…", 100)
    assert decode_entry("shop", encode_entry("shop", world.look().entry)) == world.look().entry


def test_so_many_columns_are_described_that_the_entry_would_be_too_long_to_publish(tmp_path):
    world = World(tmp_path)
    columns = {f"c{n}": {"name": f"c{n}", "description": "x" * 2_000} for n in range(5_001)}
    world.team("shop", node("orders", pipelines=DAILY, columns=columns, description="One row per order."))
    made = world.look().entry.produced["orders"]
    assert (made.description, len(made.columns), made.column_descriptions) == (
        "One row per order.",
        5_001,
        {},
    )


def test_an_earlier_release_reads_an_entry_with_texts_and_this_one_an_entry_without(tmp_path):
    new = ("description", "tags", "owners", "column_descriptions", "reads")
    every = msgspec.structs.fields(Produced)
    fields = [
        (each.name, each.type)
        if each.required
        else (each.name, each.type, {} if each.name == "held_up_by" else None)
        for each in every
        if each.name not in new
    ]
    before = msgspec.defstruct("Before", fields, frozen=True, kw_only=True, omit_defaults=True)
    world = World(tmp_path)
    world.team(
        "shop", node("raw", pipelines=DAILY), node("orders", "raw", pipelines=DAILY, description="Orders.")
    )
    entry = world.look().entry
    content = msgspec.json.encode(entry.produced)
    old = msgspec.json.decode(content, type=dict[str, before])
    assert {name: msgspec.structs.asdict(made) for name, made in old.items()} == {
        name: {key: value for key, value in msgspec.structs.asdict(made).items() if key not in new}
        for name, made in entry.produced.items()
    }
    read = msgspec.json.decode(msgspec.json.encode(old), type=dict[str, Produced])
    assert read["orders"] == msgspec.structs.replace(entry.produced["orders"], description="", reads=())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("description", "x" * 2_001),
        ("column_descriptions", {"id": "x" * 2_001}),
        ("tags", ["x" * 201]),
        ("owners", ["x"] * 101),
        ("tags", "finance"),
        ("reads", [1]),
    ],
)
def test_texts_that_no_release_writes_make_the_entry_unreadable(tmp_path, key, value):
    world = World(tmp_path)
    world.team("shop", node("orders", pipelines=DAILY))
    document = msgspec.json.decode(encode_entry("shop", world.look().entry))
    document["shop"]["produced"]["orders"][key] = value
    with pytest.raises(RegistryUnreadableError, match="not a valid registry entry: error at"):
        decode_entry("shop", msgspec.json.encode(document))

"""The tasks of ``scheduler.yaml``: their resolved conditions, assets and pipelines."""

import pytest

from build import World, edges, ephemeral, node, seed, source, tasks

DAILY, HOURLY = ["daily"], ["hourly"]


def reported(tmp_path, *items, text: str, **parts) -> list[str]:
    world = World(tmp_path)
    world.team("shop", *items, text=text, **parts)
    return [line.removeprefix("shop/scheduler.yaml:") for line in world.findings()]


def declared(tmp_path, *items, text: str) -> dict[str, tuple[str, ...]]:
    """The pipelines of each declared task."""
    world = World(tmp_path)
    world.team("shop", *items, text=text)
    return {task.name: task.pipelines for task in world.look().project.tasks.values() if task.declaration}


def test_every_key_reaches_the_task(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("raw.events"),
        node("a", pipelines=DAILY),
        text=(
            "tasks:\n"
            "  - {kind: universal, name: load, group: loading, pipelines: [daily], conditions: [a], assets: [events],\n"
            "     timeout: {minutes: 30}, retries: 0, owners: ['@a'], command: python -m load}\n"
        ),
    )
    assert world.findings() == []
    task = tasks(world.spec("shop_daily"))["loading.load"]
    assert task.kind == "universal"
    assert task.group == "loading"
    assert task.upstream == ("marts.a",)
    assert task.assets == ("shop.events",)
    assert task.reads == ("shop.a",)
    assert (task.timeout_seconds, task.retries, task.owners) == (1800, 0, ("@a",))
    assert task.doc == "Fills events."
    assert task.arguments["command"] == ["python", "-m", "load"]
    assert "DBT_FULL_REFRESH" not in task.arguments["env"]


def test_the_name_of_a_task_is_that_of_its_first_asset(tmp_path):
    text = "tasks: [{kind: universal, command: x, pipelines: [daily], assets: [raw.events]}]"
    assert declared(tmp_path, source("raw.events"), text=text) == {"raw__events": ("daily",)}


def test_pipelines_are_those_that_all_conditions_share(tmp_path):
    text = "tasks: [{kind: universal, name: load, command: x, conditions: [a, b, raw.x, z]}]"
    items = (
        node("a", pipelines=["hourly", "daily"]),
        node("b", pipelines=["daily", "weekly"]),
        source("raw.x"),
        ephemeral("z"),
    )
    assert declared(tmp_path, *items, text=text) == {"load": ("daily",)}


def test_else_pipelines_are_those_of_the_readers(tmp_path):
    text = "tasks: [{kind: universal, command: x, conditions: [shipping.fct], assets: [raw.events]}]"
    items = (
        source("raw.events"),
        source("shipping.fct", file="models/global_assets/g.yml"),
        ephemeral("stg", "raw.events"),
        node("a", "stg", pipelines=HOURLY),
        node("b", "raw.events", pipelines=["weekly"]),
    )
    assert declared(tmp_path, *items, text=text) == {"raw__events": ("hourly", "weekly")}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_pipelines_follow_a_chain_of_tasks_in_any_order(tmp_path, order):
    entries = (
        "  - {kind: universal, name: one, command: x, conditions: [a], assets: [t1]}\n",
        "  - {kind: universal, name: two, command: x, conditions: [t1], assets: [t2]}\n",
        "  - {kind: universal, name: three, command: x, conditions: [t2]}\n",
    )
    text = "tasks:\n" + "".join(entries[n] for n in order)
    items = (node("a", pipelines=DAILY), source("raw.t1"), source("raw.t2"))
    assert declared(tmp_path, *items, text=text) == dict.fromkeys(("one", "two", "three"), ("daily",))


def test_a_condition_may_name_any_package_by_the_unique_id(tmp_path):
    items = (node("a", pipelines=DAILY), node("a", package="utils", folder="u", pipelines=HOURLY))
    text = "tasks: [{kind: universal, name: load, command: x, conditions: [a]}]"
    assert next(line for line in reported(tmp_path, *items, text=text) if "SCH206" in line) == (
        '3: SCH206 task "load": "a" is ambiguous: model.shop.a, model.utils.a | write it as "model.shop.a"'
    )
    again = text.replace("[a]", "[model.utils.a]")
    assert declared(tmp_path, *items, text=again) == {"load": ("hourly",)}


def test_the_bare_name_of_a_versioned_model_is_its_latest(tmp_path):
    items = [
        node("dim", version=v, latest_version=2, pipelines=[p]) for v, p in ((1, "daily"), (2, "hourly"))
    ]
    text = "tasks: [{kind: universal, name: load, command: x, conditions: [dim]}]"
    assert declared(tmp_path, *items, text=text) == {"load": ("hourly",)}


def test_an_asset_is_named_source_table_if_its_name_is_ambiguous(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("events", pipelines=DAILY),
        *(source(name) for name in ("raw.events", "crm.users", "web.users", "raw.plain")),
        text=(
            "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], "
            "assets: [raw.events, crm.users, web.users, raw.plain]}]"
        ),
    )
    assert world.findings() == []
    assert tasks(world.spec("shop_daily"))["load"].assets == (
        "shop.raw.events",
        "shop.crm.users",
        "shop.web.users",
        "shop.plain",
    )


def test_sch203(tmp_path):
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [dayly, daily]}]"
    assert reported(tmp_path, text=text) == [
        '3: SCH203 task "load": unknown pipeline "dayly" | did you mean "daily"?'
    ]


def test_sch205(tmp_path):
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], conditions: [oders]}]"
    assert reported(tmp_path, node("orders", pipelines=DAILY), text=text) == [
        '3: SCH205 task "load" depends on the condition "oders", which was not found in this project | did you mean "orders"?'
    ]


def test_sch206_of_tables(tmp_path):
    items = [source("crm.events"), source("web.events")]
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], assets: [events]}]"
    assert reported(tmp_path, *items, text=text) == [
        '3: SCH206 task "load": "events" is ambiguous: crm.events, web.events | write it as "crm.events"'
    ]


@pytest.mark.parametrize(
    ("asset", "hint"),
    [
        ("evnts", 'did you mean "events"?'),
        ("zzz", "declare the table under `sources:` in a YAML file of this project"),
        ("orders", "a task fills source tables, but this is a dbt node, which dbt builds"),
        ("fct", "the table is declared as another team's asset, which a task of this team cannot fill"),
    ],
)
def test_sch207(tmp_path, asset, hint):
    world = World(tmp_path)
    world.team(
        "shop",
        source("raw.events"),
        source("global_assets.fct"),
        node("orders"),
        text=f"tasks: [{{kind: universal, name: load, command: x, pipelines: [daily], assets: [{asset}]}}]",
    )
    assert world.findings("SCH207") == [
        f'shop/scheduler.yaml:3: SCH207 task "load": asset "{asset}" is not a source table in this project | {hint}'
    ]


def test_sch208(tmp_path):
    text = (
        "tasks:\n"
        "  - {kind: universal, name: one, command: x, pipelines: [daily], assets: [events]}\n"
        "  - {kind: universal, name: two, command: x, pipelines: [daily], assets: [raw.events]}\n"
    )
    assert reported(tmp_path, source("raw.events"), text=text) == [
        '5: SCH208 table "raw.events" is filled by two tasks: "one" and "two" | list it under `assets` of only one of them'
    ]


@pytest.mark.parametrize(
    ("items", "tasks", "first"),
    [
        (
            (source("raw.events"), source("lake.all", schema="RAW", identifier="Events")),
            ("events", "all"),
            "one",
        ),
        ((node("events", pipelines=DAILY, schema="lake"), source("lake.events")), ("lake.events",), "events"),
    ],
)
def test_a_table_that_has_two_writers_under_two_names(tmp_path, items, tasks, first):
    text = "tasks:\n" + "".join(
        f"  - {{kind: universal, name: {name}, command: x, pipelines: [daily], assets: [{asset}]}}\n"
        for name, asset in zip(("one", "two"), tasks, strict=False)
    )
    second = ("one", "two")[len(tasks) - 1]
    assert reported(tmp_path, *items, text=text) == [
        f'{3 + len(tasks)}: SCH208 table "{tasks[-1]}" is filled by two tasks: "{first}" and "{second}" '
        "| list it under `assets` of only one of them"
    ]


@pytest.mark.parametrize(
    "other",
    [
        source("lake.events"),
        node("events", schema="raw"),
        node("events", pipelines=DAILY, schema="raw", materialized="ephemeral"),
        node("events", pipelines=DAILY, schema="raw", kind="function"),
    ],
)
def test_a_table_that_only_one_task_writes(tmp_path, other):
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], assets: [raw.events]}]\n"
    assert reported(tmp_path, source("raw.events"), other, text=text) == []


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ("", "it has no conditions and no assets of this team"),
        (
            ", assets: [events]",
            "neither its conditions nor the models that read its assets have a pipeline in common",
        ),
        (
            ", conditions: [a, b]",
            "neither its conditions nor the models that read its assets have a pipeline in common",
        ),
    ],
)
def test_sch209(tmp_path, keys, reason):
    items = (source("raw.events"), node("a", pipelines=DAILY), node("b", pipelines=HOURLY))
    text = f"tasks: [{{kind: universal, name: load, command: x{keys}}}]"
    assert reported(tmp_path, *items, text=text) == [
        f'3: SCH209 task "load": its pipelines cannot be derived: {reason} | set them, for example `pipelines: [daily]`'
    ]


def test_sch214_of_what_is_disabled(tmp_path):
    disabled = {
        "model.shop.old": [{"name": "old", "resource_type": "model", "original_file_path": "models/old.sql"}]
    }
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], conditions: [old]}]"
    assert reported(tmp_path, text=text, disabled=disabled) == [
        '3: SCH214 task "load" depends on the condition "old", which is disabled in dbt | enable it in dbt, or remove it from the conditions'
    ]


def test_sch214_of_what_no_pipeline_runs(tmp_path):
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], conditions: [old, codes, inlined]}]"
    assert reported(tmp_path, node("old"), seed("codes"), ephemeral("inlined"), text=text) == [
        '3: SCH106 "load" reads the seed "codes", which no pipeline runs | add pipelines to "codes" if it changes',
        '3: SCH214 task "load" depends on the condition "old", which is in no pipeline | add pipelines to it, or remove it from the conditions',
    ]


def test_a_raw_source_is_a_condition_that_waits_for_nothing(tmp_path):
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], conditions: [raw.events]}]"
    assert reported(tmp_path, source("raw.events"), text=text) == []


def test_two_raw_sources_of_one_name_wait_for_nothing_whichever_is_meant(tmp_path):
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], conditions: [events]}]"
    assert reported(tmp_path, source("crm.events"), source("web.events"), text=text) == []


def test_a_source_and_table_mean_that_source_whatever_a_table_of_another_team_is_called(tmp_path):
    world = World(tmp_path)
    fills = "{{kind: universal, name: {0}, command: x, pipelines: [daily], assets: [{0}.x]}}"
    world.team(
        "ships",
        source("s.x"),
        source("r.x"),
        text=f"exposed_assets: [{{regex: '.*'}}]\ntasks: [{fills.format('s')}, {fills.format('r')}]",
    )
    reads = "{kind: universal, name: t, command: x, pipelines: [daily], conditions: [s.x, ships.s.x]}"
    world.team(
        "shop",
        source("s.x"),
        source("r.x"),
        source("ships.s.x", meta={"global_asset": True}),
        text=f"tasks: [{fills.format('s')}, {fills.format('r')}, {reads}]",
    )
    assert world.findings("SCH206") == []
    assert edges(world.spec("shop_daily"))["t"] == ("s", "wait_for__hard_dependencies.s.x")

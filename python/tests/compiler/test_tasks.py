"""The tasks of a DAG: their commands, their upstream tasks, and the parts of a team's text that reach Airflow."""

import json
import re

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment

from build import PLATFORM, World, data_test, edges, ephemeral, manifest, node, seed, sensors, source, tasks
from dbt_scheduler.compiler.dbt_commands import dbt_commands
from dbt_scheduler.kinds import literal
from dbt_scheduler.project.manifest import Manifest
from dbt_scheduler.project.types import DependencyKind

DAILY, HOURLY = ["daily"], ["hourly"]
TAIL = (
    *("--indirect-selection", "empty", "--exclude-resource-type", "unit_test"),
    *("--warn-error-options", '{"error": ["NoNodesForSelectionCriteria", "NothingToDo"]}'),
    *("--no-write-json", "--cache-selected-only", "--no-use-colors"),
)
HOOKS = "dbt_settings: {on_run_start: [first, second], on_run_end: [third, fourth]}\n"


def command(world: World, task_id: str, dag_id: str = "shop_daily") -> list[str]:
    return tasks(world.spec(dag_id))[task_id].arguments["command"]


def selected(world: World, task_id: str) -> list[str]:
    words = command(world, task_id)
    return words[words.index("--select") + 1 : words.index("--indirect-selection")]


def test_a_node_is_built_with_its_tests(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("orders", pipelines=DAILY), data_test("unique_orders_id", "orders"))
    assert command(world, "marts.orders") == [
        *("dbt", "build", "--select", "fqn:shop.marts.orders", "fqn:shop.marts.unique_orders_id"),
        *TAIL,
    ]


def test_everything_else_that_a_dbt_task_has(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("orders", pipelines=DAILY, owners=["@a"], timeout={"minutes": 45}, description="All orders."),
        node("plain", pipelines=DAILY),
    )
    orders, plain = (tasks(world.spec("shop_daily"))[f"marts.{name}"] for name in ("orders", "plain"))
    assert orders.operator == "dbt_scheduler.airflow.dbt_operator.DbtOperator"
    assert orders.arguments["cwd"] == "../shop"
    assert orders.arguments["env"] == {
        "DBT_FULL_REFRESH": "{{ 'true' if params.full_refresh else 'false' }}",
        "DBT_SCHEDULER_DATA_INTERVAL_START": "{{ data_interval_start.isoformat() if data_interval_start else '' }}",
        "DBT_SCHEDULER_DATA_INTERVAL_END": "{{ data_interval_end.isoformat() if data_interval_end else '' }}",
    }
    assert (orders.owners, orders.timeout_seconds, orders.doc) == (("@a",), 2700, "All orders.")
    assert (plain.retries, plain.timeout_seconds, plain.pool) == (2, 7200, "dbt_scheduler")


EVENTS = {"materialized": "incremental", "incremental_strategy": "microbatch", "batch_size": "day"}


def events(tmp_path, **config):
    """The task of a model with this config."""
    world = World(tmp_path)
    part, entry = node("events", pipelines=DAILY)
    entry["config"] |= EVENTS | config
    world.team("shop", (part, entry))
    return tasks(world.spec("shop_daily"))["marts.events"].arguments


def window(arguments):
    return [arguments["env"].get(f"DBT_EVENT_TIME_{side}") for side in ("START", "END")]


def test_a_microbatch_model_gets_the_period_and_its_lookback_and_in_a_full_refresh_no_window(tmp_path):
    arguments = events(tmp_path, lookback=3, full_refresh=None)
    assert window(arguments) == [
        "{{ '' if params.full_refresh else event_time_start('day', 3) }}",
        "{{ '' if params.full_refresh else event_time_end() }}",
    ]
    assert arguments["table_check"][:3] == ["dbt", "compile", "--inline"]
    assert "graph.nodes.get('model.shop.events')" in arguments["table_check"][3]
    assert not any(word.startswith("--event-time") for word in arguments["command"])


def test_a_microbatch_model_that_refuses_a_full_refresh_has_a_window_also_then(tmp_path):
    # # dbt would only build the newest batches, not the run's period
    assert window(events(tmp_path, full_refresh=False)) == [
        "{{ event_time_start('day', 1) }}",
        "{{ event_time_end() }}",
    ]


@pytest.mark.parametrize(
    "config",
    [
        {
            "full_refresh": True
        },  # each run rebuilds the table, so with a time window it would only contain that
        {"materialized": "table"},
        {"incremental_strategy": "append", "batch_size": 1000},
        {"batch_size": "{{ conn.warehouse.password }}"},
    ],
)
def test_what_dbt_does_not_build_in_batches_has_no_window(tmp_path, config):
    arguments = events(tmp_path, **config)
    assert window(arguments) == [None, None]
    assert "table_check" not in arguments


def test_the_table_check_reaches_dbt_as_it_is_written(tmp_path):
    text = SandboxedEnvironment().from_string(events(tmp_path)["table_check"][3]).render()
    assert text.startswith("{% set model = graph.nodes.get('model.shop.events') if execute %}")
    assert "{{ exceptions.raise_compiler_error(" in text


SELECTED_NOTHING = ["NoNodesForSelectionCriteria", "NothingToDo"]


@pytest.mark.parametrize(
    ("flags", "options"),
    [
        ("{}", {"error": SELECTED_NOTHING}),
        ("{warn_error_options: {}}", {"error": SELECTED_NOTHING}),
        ("{warn_error_options: {error: [Deprecations]}}", {"error": ["Deprecations", *SELECTED_NOTHING]}),
        (
            "{warn_error_options: {include: [NothingToDo], silence: [UnusedTables, NoNodesForSelectionCriteria]}}",
            {"error": ["NothingToDo", "NoNodesForSelectionCriteria"], "silence": ["UnusedTables"]},
        ),
        (
            "{warn_error_options: {error: all, warn: [NothingToDo, UnusedTables]}}",
            {"error": "all", "warn": ["UnusedTables"]},
        ),
        ("{warn_error_options: {error: '*', exclude: [NothingToDo]}}", {"error": "*"}),
        ("{warn_error: true}", None),
        ("{warn_error: false}", None),
        ("{warn_error_options: {error: some}}", None),
        ("{warn_error_options: [all]}", None),
        ("{warn_error_options: {silence: all}}", None),
        ("[]", {"error": SELECTED_NOTHING}),
    ],
)
def test_an_empty_selection_is_an_error_in_addition_to_the_projects_settings(tmp_path, flags, options):
    world = World(tmp_path)
    folder = world.team("shop", node("orders", pipelines=DAILY), data_test("odd", "orders"))
    (folder / "dbt_project.yml").write_text(f"name: shop\nflags: {flags}\n")
    words = command(world, "marts.orders")
    given = [json.loads(words[at + 1]) for at, word in enumerate(words) if word == "--warn-error-options"]
    assert given == ([options] if options else [])


@pytest.mark.parametrize(
    ("item", "selector"),
    [
        (node("dim", version=1, latest_version=2, pipelines=DAILY), "fqn:shop.marts.dim.v1"),
        (seed("codes", pipelines=DAILY), "fqn:shop.codes"),
        (
            node(
                "snap",
                kind="snapshot",
                folder="",
                file="all.sql",
                fqn=["shop", "all", "snap"],
                pipelines=DAILY,
            ),
            "fqn:shop.all.snap",
        ),
        (
            node("a+b@c", pipelines=DAILY),
            "fqn:shop.marts.a?b?c,package:shop,path:models/marts/a?b?c.sql",
        ),
        (node("žemė", pipelines=DAILY), "fqn:shop.marts.žemė"),
        (
            node("x", package="utils", folder="a b", pipelines=DAILY),
            "fqn:utils.a?b.x,package:utils,file:x.sql",
        ),
    ],
)
def test_selectors(tmp_path, item, selector):
    world = World(tmp_path)
    world.team("shop", item)
    (task,) = world.spec("shop_daily").tasks
    assert selected(world, task.task_id) == [selector]


def test_a_node_that_others_lie_below_is_narrowed_down_by_its_file(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("orders", folder="", pipelines=DAILY),
        node("orders.eu", folder="", pipelines=DAILY),
        node("below", folder="orders", pipelines=DAILY),
        node("other", folder="orders2", pipelines=DAILY),
    )
    assert selected(world, "orders") == ["fqn:shop.orders,package:shop,path:models/orders.sql"]
    assert selected(world, "orders.eu") == ["fqn:shop.orders.eu"]
    assert selected(world, "orders.below") == ["fqn:shop.orders.below"]
    assert selected(world, "orders2.other") == ["fqn:shop.orders2.other"]


def test_a_test_called_like_its_model_is_not_taken_for_it(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("orders", folder="", pipelines=DAILY),
        node("orders", "orders", kind="test", folder="", fqn=["shop", "orders"]),
    )
    assert selected(world, "orders") == [
        "fqn:shop.orders,package:shop,path:models/orders.sql",
        "fqn:shop.orders,package:shop,path:tests/orders.sql",
    ]


def test_one_version_in_two_packages(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("dim", version=1, pipelines=DAILY),
        node("dim", version=1, package="utils", file="dim_v1.sql"),
    )
    assert selected(world, "marts.dim_v1") == ["fqn:shop.marts.dim.v1,package:shop,path:models/marts/dim.sql"]


def test_edges_and_hooks(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("shipping.fct", file="models/global_assets/g.yml"),
        node("a", pipelines=DAILY),
        node("b", "a", pipelines=DAILY),
        node("c", "a", pipelines=DAILY),
        node("d", "shipping.fct", pipelines=DAILY),
        text=HOOKS,
        macros=("first", "second", "third", "fourth"),
    )
    world.team("shipping", node("fct", pipelines=DAILY), text='exposed_assets: [{regex: ".*"}]')
    assert world.findings() == []
    spec = world.spec("shop_daily")
    assert edges(spec) == {
        "marts.a": ("on_run_start.second",),
        "marts.b": ("marts.a",),
        "marts.c": ("marts.a",),
        "marts.d": ("wait_for__hard_dependencies.fct",),
        "on_run_start.first": (),
        "on_run_start.second": ("on_run_start.first",),
        "on_run_end.third": ("marts.b", "marts.c", "marts.d"),
        "on_run_end.fourth": ("on_run_end.third",),
    }
    assert sensors(spec)["wait_for__hard_dependencies.fct"].upstream == ("on_run_start.second",)
    assert {task.task_id for task in spec.tasks if task.teardown} == {"on_run_end.third", "on_run_end.fourth"}
    assert tasks(spec)["on_run_start.first"].arguments["command"] == [
        *("dbt", "run-operation", "first", "--no-write-json", "--no-use-colors"),
    ]


def test_without_dbt_only_declared_tasks_run(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("raw.events"),
        node("a", pipelines=DAILY),
        data_test("unique_events", "raw.events"),
        data_test("unique_a", "a"),
        text=(
            HOOKS.replace("{", "{enabled: false, ")
            + "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], assets: [events]}]"
        ),
        macros=("first", "second", "third", "fourth"),
    )
    assert world.findings() == []
    assert edges(world.spec("shop_daily")) == {"load": ()}


def test_signals_are_for_what_others_may_wait_for(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("exposed", pipelines=DAILY),
        node("across", pipelines=DAILY),
        node("alone", pipelines=DAILY),
        node("reader", "across", pipelines=HOURLY, dependencies={"across": "soft"}),
        text="exposed_assets: [{regex: exposed}]",
    )
    signals = {name for spec in world.specs().values() for name, task in tasks(spec).items() if task.signals}
    assert signals == {"marts.exposed", "marts.across"}


def test_what_a_task_reads_is_reported_also_where_it_does_not_wait(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("shipping.fct", file="models/global_assets/g.yml"),
        node("a", pipelines=DAILY),
        ephemeral("stg", "shipping.fct", "a"),
        node("b", "stg", pipelines=DAILY, dependencies={"fct": "no_wait"}),
    )
    world.team("shipping", node("fct", pipelines=DAILY), text='exposed_assets: [{regex: ".*"}]')
    task = tasks(world.spec("shop_daily"))["marts.b"]
    assert task.reads == ("shipping.fct", "shop.a")
    assert task.upstream == ("marts.a",)
    assert DependencyKind.NO_WAIT == "no_wait"


def test_text_of_a_team_is_no_template_of_airflows(tmp_path):
    world = World(tmp_path)
    text = """\
tasks:
  - kind: universal
    name: load
    pipelines: [daily]
    command: >-
      echo '{{ conn.db.password }}' '{% raw %}' '{# x #}'
"""
    world.team("shop", text=text)
    words = command(world, "load")
    assert words[1] == "{{ '{{' }} conn.db.password }}"
    assert [rendered(word) for word in words] == ["echo", "{{ conn.db.password }}", "{% raw %}", "{# x #}"]


def rendered(text: str) -> str:
    return SandboxedEnvironment(cache_size=0).from_string(text).render()


@given(st.text(alphabet=st.sampled_from("{}%#-+ \r\n'\"\\axz é\u2028")) | st.text())
def test_a_literal_comes_back_as_it_was(text):
    assert rendered(literal(text)) == text


FQN = st.lists(st.sampled_from(["a", "b", "a.b", "c"]), min_size=1, max_size=4)


def matches(fqn: list[str], selector: str, *, versioned: bool) -> bool:
    """dbt's own matching of ``fqn:`` without wildcards (dbt.graph.selector_methods, dbt 1.11)."""
    parts = selector.split(".")
    if versioned and "_".join(fqn[-2:]) == "_".join(parts[-2:]):
        return True
    if not versioned and fqn[-1] == selector:
        return True
    return ".".join(fqn).split(".")[: len(parts)] == parts


@given(st.lists(st.tuples(st.sampled_from(["shop", "utils"]), FQN, st.booleans()), max_size=8))
@example([("shop", ["b"], True), ("shop", ["a.b"], True)])
def test_no_selector_matches_more_than_its_node(shapes):
    items = []
    for number, (package, path, versioned) in enumerate(shapes):
        items.append(
            node(
                f"n{number}",
                package=package,
                folder=str(number),
                version=1 if versioned else None,
                fqn=[package, *path, *(["v1"] if versioned else [])],
            )
        )
    read = msgspec.convert(manifest(*items), Manifest)
    runner = dbt_commands(read, "dbt", ())
    for each in read.nodes.values():
        selector = runner.build(each, ())[3]
        fqn = re.fullmatch(r"fqn:([^,]*)(?P<rest>,.*)?", selector)
        found = {
            other.unique_id
            for other in read.nodes.values()
            if matches(list(other.fqn), fqn[1], versioned=other.version is not None)
        }
        assert each.unique_id in found
        if not fqn["rest"]:
            assert found == {each.unique_id}


def test_a_reader_of_one_table_reads_not_the_other_one_that_the_same_task_fills(tmp_path):
    world = World(tmp_path)
    fills = "{kind: universal, name: t, command: x, pipelines: [daily], assets: [s.x, s.y]}"
    items = (source("s.x"), source("s.y"), node("m", "s.x", pipelines=DAILY))
    world.team("shop", *items, text=f"tasks: [{fills}]")
    assert tasks(world.spec("shop_daily"))["marts.m"].reads == ("shop.x",)


def test_a_no_wait_dependency_has_no_signal(tmp_path):
    world = World(tmp_path)
    reader = node("b", "a", pipelines=DAILY, dependencies={"a": "no_wait"})
    world.team("shop", node("a", pipelines=HOURLY), reader)
    assert not tasks(world.spec("shop_hourly"))["marts.a"].signals


def test_a_platform_names_where_dbt_writes_and_each_team_has_a_folder_there(tmp_path):
    world = World(tmp_path, PLATFORM + "dbt: {target_path: /var/dbt/target/, log_path: logs}\n")
    text = "dbt_settings: {on_run_start: [stage]}\n"
    world.team("shop", node("a", pipelines=DAILY), data_test("t", "a"), text=text, macros=("stage",))
    found = tasks(world.spec("shop_daily"))
    assert sorted(found) == ["marts.a", "on_run_start.stage"]
    for task in found.values():
        env = task.arguments["env"]
        assert (env["DBT_TARGET_PATH"], env["DBT_LOG_PATH"]) == ("/var/dbt/target/shop", "logs/shop")

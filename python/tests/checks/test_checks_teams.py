"""SCH213, SCH215, SCH306 to SCH311, SCH313, SCH314, SCH318: teams as a whole, and in relation to each other."""

import msgspec
import pytest

from build import PLATFORM, World, data_test, ephemeral, node, source
from dbt_scheduler.checks import slo
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.entry import AssetPipeline, Consumed, Entry, Produced

DAILY, HOURLY = ["daily"], ["hourly"]
GLOBAL = "models/global_assets/g.yml"
EXPOSED = 'exposed_assets: [{regex: ".*"}]\n'
YML = "shop/scheduler.yaml"


def test_sch213(tmp_path):
    world = World(tmp_path)
    text = (
        "ignore:\n"
        "  - {code: SCH109, on: a, because: cheap}\n"
        "  - {code: SCH109, on: b, because: gone}\n"
        "  - {code: SCH305, because: gone}\n"
    )
    world.team("shop", node("a", pipelines=["hourly", "daily"]), text=text)
    assert world.findings() == [
        f"{YML}:5: SCH213 the ignore entry for SCH109 on b does not match any finding | remove the entry",
        f"{YML}:6: SCH213 the ignore entry for SCH305 does not match any finding | remove the entry",
    ]


@pytest.mark.parametrize(
    ("macro", "found"),
    [
        ("stage", []),
        ("shop.stage", []),
        ("stge", ['macro "stge" not found | did you mean "stage"?']),
        (
            "zzzzzz",
            [
                'macro "zzzzzz" not found'
                " | use the name of a macro of this project or of a package, without parentheses"
            ],
        ),
    ],
)
@pytest.mark.parametrize("hook", ["on_run_start", "on_run_end"])
def test_sch215(tmp_path, hook, macro, found):
    world = World(tmp_path)
    world.team("shop", text=f"dbt_settings: {{{hook}: [{macro}]}}", macros=("stage",))
    assert [line.partition(f"SCH215 dbt_settings.{hook}: ")[2] for line in world.findings()] == found


def test_sch306(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("raw.shipments", schema="MAIN", identifier="Fct"),
        source("other.shipments", schema="other", identifier="fct"),
        source("far.shipments", schema="main", identifier="fct", database="elsewhere"),
        source("blind.shipments", schema="main", identifier="fct", database=None),
        node("z", "raw.shipments", "other.shipments", "far.shipments", "blind.shipments", pipelines=DAILY),
    )
    world.team("shipping", node("fct", pipelines=DAILY))
    hint = 'declare it as a global asset: the table "fct" of a source "shipping", in a file under a folder named global_assets'
    assert world.findings() == [
        f'shop/models/sources.yml: SCH306 source "blind.shipments" reads main.fct, which is the asset "fct" of team shipping | {hint}',
        f'shop/models/sources.yml: SCH306 source "raw.shipments" reads warehouse.MAIN.Fct, which is the asset "fct" of team shipping | {hint}',
    ]


def test_a_source_that_is_declared_global_is_no_hidden_edge(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop", source("shipping.fct", schema="main", file=GLOBAL), node("z", "shipping.fct", pipelines=DAILY)
    )
    world.team("shipping", node("fct", pipelines=DAILY), text=EXPOSED)
    assert world.findings() == []


def test_sch307(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("orders"),
        ephemeral("inlined"),
        source("main.orders", identifier="ORDERS"),
        source("main.inlined"),
        source("else.orders"),
        node("z", "main.orders", "main.inlined", "else.orders", pipelines=DAILY),
    )
    assert world.findings() == [
        'shop/models/sources.yml: SCH307 source "main.orders" reads warehouse.main.ORDERS, which this project builds as '
        'the model orders | use ref("orders") instead of source()'
    ]


def test_sch307_where_ref_would_close_a_cycle(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("old", "main.orders", pipelines=DAILY),
        node("orders", "old", pipelines=DAILY),
        source("main.orders"),
    )
    assert world.findings() == [
        'shop/models/sources.yml: SCH307 source "main.orders" reads warehouse.main.orders, which this project builds as '
        'the model orders | ref("orders") would create a dependency cycle, because orders is built from '
        "model.shop.old; if the source is meant to read the result of the previous run, set "
        "meta: {scheduler: {own_table: true}} on its table"
    ]
    meant = source("main.orders", meta={"own_table": True})
    world.team(
        "shop", node("old", "main.orders", pipelines=DAILY), node("orders", "old", pipelines=DAILY), meant
    )
    assert world.findings() == []


def test_a_condition_reads_a_table_as_a_model_does(tmp_path):
    world = World(tmp_path)
    tables = source("main.orders"), source("lake.facts", schema="main", identifier="fct")
    task = "{kind: universal, name: load, command: x, pipelines: [daily], conditions: [main.orders, facts]}"
    world.team("shop", node("orders", pipelines=DAILY), *tables, text=f"tasks: [{task}]")
    world.team("shipping", node("fct", pipelines=DAILY), text=EXPOSED)
    assert [line.partition(" | ") for line in world.findings("SCH306", "SCH307", "SCH323")] == [
        (
            'shop/models/sources.yml: SCH306 source "lake.facts" reads warehouse.main.fct, which is the asset "fct" of '
            "team shipping",
            " | ",
            'declare it as a global asset: the table "fct" of a source "shipping", in a file under a folder named global_assets',
        ),
        (
            'shop/models/sources.yml: SCH307 source "main.orders" reads warehouse.main.orders, which this project builds as '
            "the model orders",
            " | ",
            'use "orders" in the conditions of task "load" instead',
        ),
    ]


def test_a_second_name_of_a_table_that_a_task_fills_is_a_hidden_edge(tmp_path):
    world = World(tmp_path)
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], assets: [raw.events]}]"
    tables = source("raw.events"), source("lake.all", schema="raw", identifier="events")
    world.team("shop", *tables, node("z", "lake.all", pipelines=DAILY), text=text)
    assert world.findings() == [
        'shop/models/sources.yml: SCH307 source "lake.all" reads warehouse.raw.events, which this project builds as '
        'the source raw.events, which task load fills | use source("raw", "events") instead'
    ]


def test_a_task_that_reads_what_it_fills_under_a_second_name_is_not_sent_into_a_cycle(tmp_path):
    world = World(tmp_path)
    text = "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], assets: [events], conditions: [all]}]"
    second = {"schema": "raw", "identifier": "events"}
    world.team("shop", source("raw.events"), source("lake.all", **second), text=text)
    (said,) = world.findings()
    assert said.endswith(
        "fills | if it is meant to read the result of the previous run, set meta: {scheduler: {own_table: true}} on its table"
    )
    world.team(
        "shop", source("raw.events"), source("lake.all", **second, meta={"own_table": True}), text=text
    )
    assert world.findings() == []


def test_source_tables_that_are_assets_and_that_nothing_reads_are_one_note(tmp_path):
    world = World(tmp_path)
    tables = [source(f"main.{name}") for name in ("fct", "orders", "customers")]
    own_test = data_test("unique_orders", "main.orders")
    world.team("shop", node("orders"), node("customers"), *tables, own_test)
    world.team("shipping", node("fct", pipelines=DAILY))
    assert world.findings("SCH306", "SCH307", "SCH323") == [
        'shop/models/sources.yml: SCH323 source tables built by this or another team are declared but not read (3 in total), for example "main.customers"'
        " | remove the declarations if they are not needed"
    ]


def test_an_exposure_reads_a_table_as_a_model_does(tmp_path):
    world = World(tmp_path)
    dashboard = {
        "unique_id": "exposure.shop.board",
        "package_name": "shop",
        "original_file_path": "models/e.yml",
        "depends_on": {"nodes": ["source.shop.main.orders", "source.shop.shipping.fct"]},
    }
    items = (node("orders"), source("main.orders"), source("shipping.fct", file=GLOBAL))
    world.team("shop", *items, exposures={"exposure.shop.board": dashboard})
    world.team("shipping", node("fct", pipelines=DAILY), text=EXPOSED)
    assert [line.split(" ")[1] for line in world.findings("SCH307", "SCH317", "SCH323")] == ["SCH307"]


SLOW, FAST = "{daily: {hours: 6}}", "{daily: {hours: 1}}"


def test_sch308_across_teams(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("shipping.fct", file=GLOBAL),
        node("a", "shipping.fct", pipelines=DAILY),
        node("b", "a", pipelines=DAILY),
        node("c", "shipping.fct", pipelines=DAILY, dependencies={"fct": "no_wait"}),
        text=f"exposed_assets: [{{regex: '[bc]', slo: {FAST}}}]",
    )
    world.team(
        "shipping", node("fct", pipelines=DAILY), text=f"exposed_assets: [{{regex: fct, slo: {SLOW}}}]"
    )
    assert world.findings() == [
        f'{YML}:3: SCH308 the SLO of "b" in daily is 1h after the scheduled time, but it depends on "fct" of team shipping, which is ready 6h after the scheduled time at the earliest: '
        "b → fct (shipping, daily, 6h)"
        " | raise the SLO to at least 6h, or set the dependency to no_wait"
    ]


def test_sch308_of_two_assets_of_one_task_the_earlier_slo_counts(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        *(source("raw.early"), source("raw.late")),
        node("b", "raw.late", pipelines=DAILY),
        text=(
            "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], assets: [early, late]}]\n"
            "exposed_assets:\n"
            f"  - {{regex: early|b, slo: {FAST}}}\n"
            f"  - {{regex: late, slo: {SLOW}}}\n"
        ),
    )
    assert world.findings() == []


def test_sch308_within_a_dag(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("a", pipelines=DAILY),
        node("between", "a", pipelines=DAILY),
        node("b", "between", pipelines=DAILY),
        node("aside", pipelines=DAILY),
        text=(
            f"exposed_assets:\n  - {{regex: a, slo: {SLOW}}}\n  - {{regex: b|aside, slo: {FAST}}}\n"
            "  - {regex: between}\n"
        ),
    )
    assert world.findings() == [
        f'{YML}:5: SCH308 the SLO of "b" in daily is 1h after the scheduled time, but it depends on "a" of team shop, which is ready 6h after the scheduled time at the earliest: '
        "b → a (shop, daily, 6h)"
        " | raise the SLO to at least 6h, or set the dependency to no_wait"
    ]


@pytest.mark.parametrize(("slo", "found"), [("{hours: 1}", 0), ("{minutes: 30}", 0), ("{hours: 2}", 1)])
def test_sch308_counts_from_the_consumers_time(tmp_path, slo, found):
    # The last hour of the day is due at 00:05, five minutes before the day at 00:10.
    world = World(tmp_path)
    world.team(
        "shop",
        node("h", pipelines=HOURLY),
        node("d", "h", pipelines=DAILY),
        text=f"exposed_assets:\n  - {{regex: d, slo: {FAST}}}\n  - {{regex: h, slo: {{hourly: {slo}}}}}\n",
    )
    assert len(world.findings()) == found


def team_with(world: World, name: str, reads: str = "", slo: str = "", dependency: str = "hard") -> None:
    """A team with one asset, ``{name}_asset``, that reads another team's ``reads`` through a model in between."""
    above = [source(f"{reads}.{reads}_asset", file=GLOBAL)] if reads else []
    dependencies = {f"{reads}_asset": dependency}
    inner = (
        [node("inner", f"{reads}.{reads}_asset", pipelines=DAILY, dependencies=dependencies)] if reads else []
    )
    made = node(f"{name}_asset", *(["inner"] if reads else []), pipelines=DAILY)
    promise = f", slo: {{daily: {{hours: {slo}}}}}" if slo else ""
    world.team(name, *above, *inner, made, text=f"exposed_assets: [{{regex: '.*_asset'{promise}}}]")


@pytest.mark.parametrize(("between", "words"), [("", "no SLO"), ("1", "1h")])
def test_sch308_through_other_teams(tmp_path, between, words):
    world = World(tmp_path)
    team_with(world, "ants", "bees", slo="2")
    team_with(world, "bees", "crabs", slo=between)
    team_with(world, "crabs", "ducks")
    team_with(world, "ducks", slo="6")
    assert [line for line in world.findings() if line.startswith("ants/")] == [
        'ants/scheduler.yaml:3: SCH308 the SLO of "ants_asset" in daily is 2h after the scheduled time, but it depends on "ducks_asset" of team ducks, which is ready 6h after the scheduled time at the earliest: '
        f"ants_asset → bees_asset (bees, daily, {words}) → crabs_asset (crabs, daily, no SLO) → ducks_asset (ducks, daily, 6h)"
        " | raise the SLO to at least 6h, or set the dependency to no_wait"
    ]


def test_sch308_from_the_registry_alone(tmp_path):
    world = World(tmp_path)
    for team, reads, hours in (("ants", "bees", "2"), ("bees", "crabs", ""), ("crabs", "", "6")):
        team_with(world, team, reads, hours)
    found = world.findings()
    world.registry = {team.project.team: team.entry for team in world.open().teams}
    del world._folders["bees"], world._folders["crabs"]
    assert len(found) == 1
    assert world.findings() == found


def held_up_within_its_dag(world: World) -> None:
    """`c` of beta reads `b` of alpha, which has no SLO and is built from `a`, through a model in between."""
    world.team(
        "alpha",
        node("a", pipelines=DAILY),
        node("between", "a", pipelines=DAILY),
        node("b", "between", pipelines=DAILY),
        text=f"exposed_assets:\n  - {{regex: a, slo: {SLOW}}}\n  - {{regex: b}}\n",
    )
    world.team(
        "beta",
        source("alpha.b", file=GLOBAL),
        node("c", "alpha.b", pipelines=DAILY),
        text=f"exposed_assets: [{{regex: c, slo: {FAST}}}]",
    )


def test_sch308_is_the_same_for_a_loaded_team_and_one_in_the_registry(tmp_path):
    world = World(tmp_path)
    held_up_within_its_dag(world)
    found = world.findings()
    world.registry = {team.project.team: team.entry for team in world.open().teams}
    del world._folders["alpha"]
    assert found == world.findings()
    assert found == [
        'beta/scheduler.yaml:3: SCH308 the SLO of "c" in daily is 1h after the scheduled time, but it depends on "a" of '
        "team alpha, which is ready 6h after the scheduled time at the earliest: c → b (alpha, daily, no SLO) → a (alpha, daily, 6h)"
        " | raise the SLO to at least 6h, or set the dependency to no_wait"
    ]


def test_sch308_an_entry_of_an_earlier_release_does_not_say_what_holds_an_asset_up(tmp_path):
    world = World(tmp_path)
    held_up_within_its_dag(world)
    document = msgspec.to_builtins(world.look("alpha").entry)
    assert document["produced"]["b"].pop("held_up_by") == {"daily": "a"}
    world.registry = {"alpha": msgspec.convert(document, Entry)}
    del world._folders["alpha"]
    assert world.findings() == []


@pytest.mark.parametrize("name", ["nobody_makes_it", "b"])
def test_sch308_with_any_held_up_by_in_an_entry(tmp_path, name):
    world = World(tmp_path)
    held_up_within_its_dag(world)
    document = msgspec.to_builtins(world.look("alpha").entry)
    document["produced"]["b"]["held_up_by"] = {"daily": name, "no_such_pipeline": "a"}
    world.registry = {"alpha": msgspec.convert(document, Entry)}
    del world._folders["alpha"]
    assert world.findings() == []


def test_sch308_no_wait_in_the_chain_holds_nothing_up(tmp_path):
    world = World(tmp_path)
    team_with(world, "ants", "bees", slo="2")
    team_with(world, "bees", "crabs", dependency="no_wait")
    team_with(world, "crabs", slo="6")
    assert world.findings() == []


def test_sch308_within_a_cycle(tmp_path):
    """The cycle has its own finding; an upstream asset outside of the cycle is still reported."""
    world = World(tmp_path)
    team_with(world, "ants", "bees", slo="2")
    team_with(world, "bees", "crabs")
    team_with(world, "crabs", "bees")
    assert [line.split(" ")[1] for line in world.findings()] == ["SCH309"]
    world.team(
        "crabs",
        source("bees.bees_asset", file=GLOBAL),
        source("ducks.ducks_asset", file=GLOBAL),
        node("crabs_asset", "bees.bees_asset", "ducks.ducks_asset", pipelines=DAILY),
        text=EXPOSED,
    )
    team_with(world, "ducks", slo="6")
    assert sorted(line.split(" ")[1] for line in world.findings()) == ["SCH308", "SCH309"]


def test_sch308_a_consumer_that_was_compiled_before_its_producer_moved(tmp_path):
    world = World(tmp_path)
    for team, reads, hours in (("ants", "bees", "2"), ("bees", "crabs", ""), ("crabs", "", "6")):
        team_with(world, team, reads, hours)
    world.registry = {team.project.team: team.entry for team in world.open().teams}
    del world._folders["bees"], world._folders["crabs"]
    world.team("crabs", node("crabs_asset", pipelines=["weekly"]), text=EXPOSED)
    assert world.findings() == []


def test_sch308_a_chain_longer_than_pythons_stack(tmp_path):
    """As many steps as the registry allows."""
    world = World(tmp_path)
    team_with(world, "ants", "bees", slo="2")
    team_with(world, "bees")
    workspace = world.open()
    ants, bees = workspace.teams
    length = 1500
    entries = {"bees": deep(bees.entry, length)}
    directory = Directory(workspace.directory.entries | entries)
    at_hand = msgspec.structs.replace(workspace, teams=(ants,), directory=directory)
    found = list(slo.check_across(at_hand))
    assert [finding.subject for _, finding in found] == ["ants_asset"]
    assert found[0][1].message.count("→") == length + 1


def deep(entry: Entry, length: int) -> Entry:
    """The entry with ``length`` more assets, each waiting for the next, the last with an SLO of 6 hours."""
    made = entry.produced["bees_asset"]
    names = ["bees_asset", *(f"step_{number}" for number in range(length))]

    def produced(number: int) -> Produced:
        slo_seconds = 21600 if number == length else None
        waits = (f"wait_{number}",) if number < length else ()
        promise = AssetPipeline(slo_seconds=slo_seconds, exposed=True, waits=waits)
        return msgspec.structs.replace(made, pipelines={"daily": promise})

    consumed = {
        names[number + 1]: (
            Consumed(
                pipeline="daily",
                producer_pipeline="daily",
                task_group=None,
                task_id=name,
                sensor_task_id=f"wait_{number}",
                dependency="hard",
            ),
        )
        for number, name in enumerate(names[:-1])
    }
    return msgspec.structs.replace(
        entry,
        produced={name: produced(number) for number, name in enumerate(names)},
        consumed={"bees": consumed},
    )


def test_sch309_within_a_dag(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("raw.t"),
        node("a", "raw.t", pipelines=DAILY),
        node("b", "a", pipelines=DAILY),
        text="tasks: [{kind: universal, name: load, command: x, conditions: [b], assets: [t]}]",
    )
    assert world.findings() == [
        f"{YML}:3: SCH309 found a dependency cycle: load → marts.a → marts.b → load"
        " | to break the cycle, set one of these dependencies to no_wait, or split a model in two"
    ]


def cycle(tmp_path, dependency: str = "hard") -> World:
    world = World(tmp_path)
    for team, other in (("ants", "bees"), ("bees", "ants")):
        world.team(
            team,
            source(f"{other}.made", file=GLOBAL),
            node("inside", f"{other}.made", pipelines=DAILY, dependencies={"made": dependency}),
            node("made", "inside", pipelines=DAILY),
            text=f'{EXPOSED}alerting: {{channel: "#{team}"}}',
        )
    return world


def test_sch309_is_ignored_by_the_whole_name_of_an_asset(tmp_path):
    """Table names may contain spaces."""
    ignore = "ignore: [{code: SCH309, on: ants.made by hand, because: they know}]\n"
    world = World(tmp_path)
    for team, other in (("ants", "bees"), ("bees", "ants")):
        world.team(
            team,
            source(f"{other}.made by hand", file=GLOBAL),
            node("inside", f"{other}.made by hand", pipelines=DAILY),
            node("made by hand", "inside", pipelines=DAILY),
            text=EXPOSED + (ignore if team == "ants" else ""),
        )
    assert world.findings() == []


@pytest.mark.parametrize("dependency", ["hard", "soft"])
def test_sch309_across_teams_is_reported_once(tmp_path, dependency):
    assert cycle(tmp_path, dependency).findings() == [
        "ants/models/marts/made.sql: SCH309 found a dependency cycle: ants.made (daily) #ants → "
        "bees.made (daily) #bees → ants.made (daily) #ants"
        " | to break the cycle, set one of these dependencies to no_wait, or split a model in two"
    ]


def test_no_wait_makes_no_cycle(tmp_path):
    assert cycle(tmp_path, "no_wait").findings() == []


def test_sch309_with_a_team_that_only_the_registry_has(tmp_path):
    world = cycle(tmp_path)
    world.registry = {team.project.team: team.entry for team in world.open().teams}
    del world._folders["ants"]
    assert [line[:33] for line in world.findings()] == ["bees/models/marts/made.sql: SCH30"]


def test_a_cycle_of_teams_without_a_cycle_of_tasks(tmp_path):
    world = World(tmp_path)
    for team, other in (("ants", "bees"), ("bees", "ants")):
        world.team(
            team,
            source(f"{other}.base", file=GLOBAL),
            node("base", pipelines=DAILY),
            node("made", f"{other}.base", pipelines=DAILY),
            text=EXPOSED,
        )
    assert world.findings() == []


def test_dag_ids_that_differ_only_in_case_are_one(tmp_path):
    """`A_daily.json` and `a_daily.json` are the same file in some file systems."""
    world = World(tmp_path)
    world.team("ants", node("a", pipelines=DAILY), text="dag_prefix: insects")
    world.team("bees", node("a", pipelines=DAILY), text="dag_prefix: Insects")
    assert world.findings("SCH310") == [
        'ants/scheduler.yaml:3: SCH310 dag_id "insects_daily" is used by team ants and by team bees'
        " | set a different dag_prefix in scheduler.yaml, or ask team bees to change theirs",
        'bees/scheduler.yaml:3: SCH310 dag_id "Insects_daily" is used by team bees and by team ants'
        " | set a different dag_prefix in scheduler.yaml, or ask team ants to change theirs",
    ]


@pytest.mark.parametrize("prefix", ["dbt_scheduler", "DBT_Scheduler"])
def test_a_dag_that_would_be_lost_beside_the_sweep_is_found(tmp_path, prefix):
    world = World(tmp_path, PLATFORM + '  resume: {cron: "10 0 * * *", grain: day, start_date: 2025-01-01}\n')
    world.team("shop", node("a", pipelines=["resume"]), text=f"dag_prefix: {prefix}")
    assert world.findings() == [
        f'{YML}:3: SCH322 dag_id "{prefix}_resume" of team shop is reserved for the DAG that resumes late runs'
        " | set a different dag_prefix in scheduler.yaml"
    ]


def test_sch310(tmp_path):
    world = World(tmp_path)
    world.team("ants", node("a", pipelines=DAILY), text="dag_prefix: insects")
    world.team("bees", node("a", pipelines=["daily", "hourly"]), text="dag_prefix: insects")
    assert [line for line in world.findings() if "SCH109" not in line] == [
        'ants/scheduler.yaml:3: SCH310 dag_id "insects_daily" is used by team ants and by team bees'
        " | set a different dag_prefix in scheduler.yaml, or ask team bees to change theirs",
        'bees/scheduler.yaml:3: SCH310 dag_id "insects_daily" is used by team bees and by team ants'
        " | set a different dag_prefix in scheduler.yaml, or ask team ants to change theirs",
    ]


def test_one_prefix_for_two_teams_without_a_common_pipeline(tmp_path):
    world = World(tmp_path)
    world.team("ants", node("a", pipelines=DAILY), text="dag_prefix: insects")
    world.team("bees", node("a", pipelines=HOURLY), text="dag_prefix: insects")
    assert world.findings() == []


def test_an_entry_that_claims_a_teams_name_as_its_prefix_does_not_stop_that_team(tmp_path):
    """Otherwise anyone who can write to the registry without `publish` could block a team from publishing."""
    world = World(tmp_path)
    world.team("ants", node("a", pipelines=DAILY))
    world.registry["bees"] = msgspec.structs.replace(world.look("ants").entry, dag_prefix="Ants")
    assert world.findings() == []


@pytest.mark.parametrize("known", ["published", "listed"])
def test_a_prefix_that_is_the_name_of_a_team_is_not_for_another_to_take(tmp_path, known):
    """Even before that team has the pipeline: otherwise it could not get it anymore."""
    world = World(tmp_path, PLATFORM + ("teams: {Ants: {}, bees: {}}\n" if known == "listed" else ""))
    world.team("bees", node("a", pipelines=DAILY), text="dag_prefix: ants\nalerting: {channel: '#bees'}")
    if known == "published":
        entry = world.look("bees").entry
        world.registry["Ants"] = msgspec.structs.replace(entry, dag_prefix="Ants", pipelines={}, produced={})
    contact = "#bees" if known == "published" else "team Ants"
    assert world.findings() == [
        'bees/scheduler.yaml:3: SCH310 dag_id "ants_daily" is used by team bees and by team Ants'
        f" | set a different dag_prefix in scheduler.yaml, or ask {contact} to change theirs"
    ]


@pytest.mark.parametrize(
    ("consumer", "dependency", "found"),
    [
        ("hourly", "hard", True),
        ("hourly", "soft", False),
        ("daily", "hard", False),
        ("weekly", "hard", False),
    ],
)
def test_sch311(tmp_path, consumer, dependency, found):
    world = World(tmp_path)
    world.team(
        "shop",
        source("shipping.fct", file=GLOBAL),
        node("z", "shipping.fct", pipelines=[consumer], dependencies={"fct": dependency}),
    )
    world.team("shipping", node("fct", pipelines=DAILY), text=EXPOSED)
    assert (
        world.findings()
        == [
            'shop/models/marts/z.sql: SCH311 z in hourly has a hard dependency on "fct" of team shipping, which is built only in the less frequent pipeline daily'
            " | set the dependency to soft or no_wait, so that one late daily run does not delay many runs"
        ]
        * found
    )


def test_sch313(tmp_path):
    world = World(tmp_path)
    world.team("wasps", node("a", pipelines=DAILY), node("z", "a", pipelines=["weekly"]), text=EXPOSED)
    world.team("wasps", node("b", pipelines=DAILY), node("y", "b", pipelines=["weekly"]), folder="nest")
    assert world.findings() == [
        f'nest/scheduler.yaml: SCH313 team "wasps" is also used by {tmp_path}/wasps'
        " | set a different `team` in one of the two scheduler.yaml files"
    ]


def test_sch314(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        node("orders", pipelines=DAILY),
        node("orders", package="utils", folder="u", pipelines=HOURLY),
        node("z", "orders", "model.utils.orders", pipelines=["weekly"]),
    )
    assert world.findings() == [
        'shop/models/u/orders.sql: SCH314 asset "orders" is built by model.shop.orders and by model.utils.orders'
        " | in dbt_project.yml, remove the pipelines of the node in package utils"
    ]


def test_sch314_of_a_declared_task_names_its_line(tmp_path):
    world = World(tmp_path)
    text = "tasks:\n  - {kind: universal, name: load, command: x, pipelines: [daily], assets: [raw.events]}\n"
    models = node("raw.events", pipelines=DAILY), node("events", pipelines=DAILY)
    world.team("shop", *models, source("raw.events"), text=text)
    assert world.findings("SCH314") == [
        'shop/scheduler.yaml:4: SCH314 asset "raw.events" is built by model.shop.raw.events and by task.load'
        " | rename one of them"
    ]


def test_an_unscheduled_node_of_the_same_name_does_no_harm(tmp_path):
    world = World(tmp_path)
    world.team("shop", node("orders"), node("orders", package="utils", pipelines=DAILY))
    assert world.findings() == []
    assert world.look().project.assets == {"orders": "model.utils.orders"}


def test_an_acknowledged_change_that_is_published_is_reported(tmp_path):
    world = World(tmp_path)
    dim = node("dim_a", pipelines=["daily"], columns={"id": {}})
    ack = "acknowledged_changes:\n  - {asset: dim_a, change: Column id removed., reason: moved}\n"
    world.team("shop", dim, text="exposed_assets: [{regex: dim_a}]\n")
    world.registry = {"shop": world.look().entry}
    text = f"exposed_assets: [{{regex: dim_a}}]\n{ack}"
    world.team("shop", node("dim_a", pipelines=["daily"]), text=text)
    assert world.findings("SCH320") == []
    world.registry = {"shop": world.look().entry}
    assert world.findings("SCH320") == [
        'shop/scheduler.yaml:5: SCH320 the acknowledged change of "dim_a" no longer applies: Column id removed.'
        " | remove the entry: the change was already published, or was not made"
    ]
    text = text.replace("asset: dim_a,", "asset: dim_b,")
    world.team("shop", node("dim_a", pipelines=["daily"]), text=text)
    assert world.findings("SCH320") == [
        'shop/scheduler.yaml:5: SCH320 the acknowledged change of "dim_b" no longer applies: Column id removed.'
        ' | did you mean "dim_a"?'
    ]
    world.registry = {}
    assert world.findings("SCH320") == []


def test_sch318(tmp_path):
    world = World(tmp_path)
    world.team("shop")
    published = world.look().entry
    for project, found in (("shop", 0), (None, 0), ("sales", 1)):
        world.registry["shop"] = msgspec.structs.replace(published, project_name=project)
        assert len(world.findings()) == found
    assert world.findings() == [
        f'{YML}:2: SCH318 team "shop" was published by the dbt project "sales", and this project is "shop"'
        " | set a different `team` in scheduler.yaml; if the project was renamed, ask the platform team to remove the old entry from the registry"
    ]


def test_a_team_cannot_ignore_that_it_takes_the_sweeps_dag_id(tmp_path):
    world = World(tmp_path, PLATFORM + '  resume: {cron: "5 * * * *", grain: hour, start_date: 2025-01-01}\n')
    ignored = "dag_prefix: dbt_scheduler\nignore: [{code: SCH322, because: mine}]"
    world.team("shop", node("a", pipelines=["resume"]), text=ignored)
    assert [line.split(" ")[1] for line in world.findings("SCH322", "SCH213")] == ["SCH322", "SCH213"]

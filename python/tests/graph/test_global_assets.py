"""Source tables that represent other teams' assets."""

import pytest

from build import World, data_test, ephemeral, external, node, seed, source

DAILY = ["daily"]
GLOBAL = "models/global_assets/g.yml"
EXPOSED = 'alerting: {channel: "#ships"}\nexposed_assets: [{regex: "fct.*"}]'


def reported(world: World) -> list[str]:
    return [line for line in world.findings() if line.startswith("shop/")]


def world_of(tmp_path, *items) -> World:
    world = World(tmp_path)
    world.team("shop", node("own", pipelines=DAILY), *items)
    world.team("shipping", node("fct", pipelines=DAILY), node("stg", pipelines=DAILY), text=EXPOSED)
    return world


def reader(item):
    return node("z", item[1]["unique_id"], pipelines=DAILY)


@pytest.mark.parametrize(
    "item",
    [
        source("global_assets.fct"),
        source("shipping.fct", file=GLOBAL),
        source("shipping.fct", meta={"global_asset": True}),
        source("shipping.fct", file="models\\global_assets\\g.yml"),
    ],
)
def test_what_is_global(tmp_path, item):
    world = world_of(tmp_path, item, node("z", item[1]["unique_id"], pipelines=DAILY))
    assert reported(world) == []
    (waits,) = (
        waits for task, waits in world.look().graph.dags["daily"].waits.items() if task.endswith(".z")
    )
    assert [str(wait.key) for wait in waits] == ["shipping.fct"]


@pytest.mark.parametrize("item", [source("shipping.fct"), source("raw.fct", meta={"global_asset": "no"})])
def test_what_is_not(tmp_path, item):
    world = world_of(tmp_path, item, node("z", item[1]["unique_id"], pipelines=DAILY))
    assert reported(world) == []
    assert not any(world.look().graph.dags["daily"].waits.values())


@pytest.mark.parametrize(
    ("item", "finding"),
    [
        (
            source("global_assets.fctt"),
            'SCH301 global asset "global_assets.fctt": no team exposes an asset named "fctt" | did you mean "fct"?',
        ),
        (
            source("shipping.zzz", file=GLOBAL),
            'SCH301 global asset "shipping.zzz": no team exposes an asset named "zzz" | ask its team to add pipelines to it and list it under exposed_assets; run "dbt-scheduler registry list" for all exposed assets',
        ),
        (
            source("shipping.stg", file=GLOBAL),
            'SCH303 global asset "shipping.stg": team shipping builds "stg", but does not expose it'
            " | ask shipping (#ships) to list it under exposed_assets in its scheduler.yaml",
        ),
        (
            source("shop.own", file=GLOBAL),
            'SCH304 global asset "shop.own": "own" is an asset of this team | read it with ref("own"), or as a regular source if a task in scheduler.yaml fills it',
        ),
        (
            source("global_assets.own"),
            'SCH304 global asset "global_assets.own": "own" is an asset of this team | read it with ref("own"), or as a regular source if a task in scheduler.yaml fills it',
        ),
        (
            source("shiping.fct", file=GLOBAL),
            'SCH315 global asset "shiping.fct": team not found in the registry | did you mean "shipping"?',
        ),
        (  # this team's own asset with the same name does not make the reference ambiguous
            source("shiping.own", file=GLOBAL),
            'SCH315 global asset "shiping.own": team not found in the registry | did you mean "shipping"?',
        ),
        (
            source("shipping.own", file=GLOBAL),
            'SCH301 global asset "shipping.own": no team exposes an asset named "own" | ask its team to add pipelines to it and list it under exposed_assets; run "dbt-scheduler registry list" for all exposed assets',
        ),
        (
            source("shipping.fct", file=GLOBAL, identifier="stg", schema="main"),
            'SCH321 global asset "shipping.fct" refers to the asset "fct" of team shipping, but its relation warehouse.main.stg belongs to the asset "stg"'
            ' | change the relation to that of "fct", or declare "stg" instead',
        ),
    ],
)
def test_findings(tmp_path, item, finding):
    world = world_of(tmp_path, item, reader(item))
    assert reported(world) == [f"shop/{item[1]['original_file_path']}: {finding}"]


def test_sch302(tmp_path):
    world = world_of(tmp_path, source("global_assets.fct"), node("z", "global_assets.fct", pipelines=DAILY))
    world.team("trains", node("fct", pipelines=DAILY), text=EXPOSED)
    assert reported(world) == [
        'shop/models/sources.yml: SCH302 global asset "global_assets.fct": "fct" is exposed by several teams: shipping, '
        'trains | specify the team: declare the table "fct" under a source named "shipping", in a file under a folder named global_assets'
    ]


def test_what_only_one_of_two_teams_exposes_is_clear(tmp_path):
    world = world_of(tmp_path, source("global_assets.fct"), node("z", "global_assets.fct", pipelines=DAILY))
    world.team("trains", node("fct", pipelines=DAILY))
    assert reported(world) == []


def test_own_and_foreign_of_one_name(tmp_path):
    item = source("global_assets.fct")
    world = world_of(tmp_path, item, node("fct", pipelines=DAILY), reader(item))
    assert reported(world) == []


def test_the_line_is_that_of_the_table(tmp_path):
    item = source("shipping.zzz", file=GLOBAL)
    world = world_of(tmp_path, item, reader(item))
    world.file(
        f"shop/{GLOBAL}", "sources:\n  - name: shipping\n    tables:\n      - name: fct\n      - name: zzz\n"
    )
    assert [line.split(" ")[0] for line in reported(world)] == [f"shop/{GLOBAL}:5:"]


@pytest.fixture
def retired(tmp_path):
    """Shipping used to produce ``fct_old`` and ``gone``, and shop read both; shop's entry still lists them."""
    world = World(tmp_path)
    names = ("shipping.fct_old", "shipping.gone")
    world.team("shop", *(source(name, file=GLOBAL) for name in names), node("z", *names, pipelines=DAILY))
    old = [node("fct_old", pipelines=DAILY), node("gone", pipelines=DAILY)]
    world.team("shipping", *old, text='exposed_assets: [{regex: ".*"}]')
    world.registry = {team.project.team: team.entry for team in world.open().teams}
    world.team("shipping", node("fct_new", pipelines=DAILY), text=EXPOSED)
    return world


def test_sch316(retired):
    assert reported(retired) == [
        f'shop/{GLOBAL}: SCH316 global asset "shipping.fct_old": team shipping no longer builds "fct_old"'
        ' | ask shipping (#ships) for its replacement: perhaps "fct_new"',
        f'shop/{GLOBAL}: SCH316 global asset "shipping.gone": team shipping no longer builds "gone"'
        " | ask shipping (#ships) for its replacement",
    ]


def test_sch316_of_the_registrys_entries_alone(retired):
    retired.registry["shipping"] = retired.look("shipping").entry
    del retired._folders["shipping"]
    assert [line.split(" ")[1] for line in reported(retired)] == ["SCH316", "SCH316"]


def test_sch316_by_name_alone_and_for_a_new_reader(retired):
    retired.team("other", source("global_assets.gone"), node("y", "global_assets.gone", pipelines=DAILY))
    assert [line for line in retired.findings() if line.startswith("other/")] == [
        'other/models/sources.yml: SCH316 global asset "global_assets.gone": team shipping no longer builds "gone"'
        " | ask shipping (#ships) for its replacement"
    ]


def test_a_retired_asset_that_another_team_makes_is_there(retired):
    retired.team("other", node("gone", pipelines=DAILY), text='exposed_assets: [{regex: "gone"}]')
    retired.team("shop", source("global_assets.gone"), node("z", "global_assets.gone", pipelines=DAILY))
    assert reported(retired) == []


def test_an_asset_without_readers_is_not_retired(retired):
    item = source("shipping.never", file=GLOBAL)
    retired.team("shop", item, reader(item))
    assert [line.split(" ")[1] for line in reported(retired)] == ["SCH301"]


def test_an_asset_of_a_team_that_is_gone_is_of_no_such_team(retired):
    del retired._folders["shipping"]
    del retired.registry["shipping"]
    retired.team("other")
    assert [line.split(" ")[1] for line in reported(retired)] == ["SCH315", "SCH315"]


UNREAD = (
    f'shop/{GLOBAL}: SCH317 global asset "shipping.fct" is declared, but no node, task or exposure of this project reads it'
    " | remove the declaration, or read it with source()"
)


def test_sch317(tmp_path):
    assert reported(world_of(tmp_path, source("shipping.fct", file=GLOBAL))) == [UNREAD]


def test_sch317_a_test_alone_does_not_read(tmp_path):
    items = (source("shipping.fct", file=GLOBAL), data_test("looks", "shipping.fct"))
    assert UNREAD in reported(world_of(tmp_path, *items))


@pytest.mark.parametrize(
    "item",
    [node("z", "shipping.fct"), ephemeral("z", "shipping.fct"), node("z", "shipping.fct", pipelines=DAILY)],
)
def test_sch317_whatever_reads_it_scheduled_or_not(tmp_path, item):
    assert reported(world_of(tmp_path, source("shipping.fct", file=GLOBAL), item)) == []


def test_sch317_a_condition_reads_it(tmp_path):
    world = world_of(tmp_path)
    text = "tasks: [{kind: universal, name: t, command: x, pipelines: [daily], conditions: [fct]}]"
    world.team("shop", source("shipping.fct", file=GLOBAL), text=text)
    assert reported(world) == []


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (source("trains.fct", file=GLOBAL), None),
        (source("global_assets.zzz"), None),
        (source("global_assets.fct"), None),
        (source("shipping.zzz", file=GLOBAL), "SCH301"),
        (source("shiping.fct", file=GLOBAL), "SCH315"),
        (source("shipping.stg", file=GLOBAL), "SCH303"),
    ],
)
def test_what_a_team_with_an_unreadable_entry_may_make_is_not_called_missing(tmp_path, item, code):
    world = world_of(tmp_path, item, reader(item))
    world.unreadable = {"trains"}
    assert [line.split(" ")[1] for line in reported(world)] == ([code] if code else [])


def test_a_project_may_be_that_of_a_team_with_an_unreadable_entry(tmp_path):
    item = external("railway.fct")
    world = world_of(tmp_path, item, reader(item))
    assert [line.split(" ")[1] for line in reported(world)] == ["SCH315"]
    world.unreadable = {"trains"}
    assert reported(world) == []


def test_the_entry_of_a_team_at_hand_is_not_missed(tmp_path):
    item = source("global_assets.zzz")
    world = world_of(tmp_path, item, reader(item))
    world.unreadable = {"shop", "shipping"}
    assert [line.split(" ")[1] for line in reported(world)] == ["SCH301"]


def test_another_teams_asset_of_the_same_name_does_not_stand_for_the_table_that_is_read(tmp_path):
    world = World(tmp_path)
    item = source("global_assets.dim", schema="main")
    world.team("shop", item, reader(item))
    world.team("shipping", node("dim", pipelines=DAILY))  # not exposed
    world.team("evil", node("dim", pipelines=DAILY, schema="evil"), text='exposed_assets: [{regex: "dim"}]')
    (found,) = reported(world)
    assert "SCH321" in found
    assert found.split(" | ")[0].endswith(
        'refers to the asset "dim" of team evil, but its relation warehouse.main.dim belongs to the asset "shipping.dim"'
    )


def test_an_exposed_seed_that_no_pipeline_runs_is_not_said_to_be_unexposed(tmp_path):
    world = World(tmp_path)
    everything = 'exposed_assets: [{regex: ".*"}]\nalerting: {channel: "#ants"}\n'
    world.team("ants", node("m", pipelines=["daily"]), seed("countries"), text=everything)
    world.team(
        "shop", source("ants.countries", file=GLOBAL), node("r", "ants.countries", pipelines=["daily"])
    )
    assert reported(world) == [
        f'shop/{GLOBAL}: SCH326 global asset "ants.countries": team ants has "countries", but no pipeline builds it | ask '
        "ants (#ants) to add pipelines to it"
    ]


def test_a_source_that_a_package_declares_is_named_by_the_file_of_the_package(tmp_path):
    world = World(tmp_path)
    table = source(
        "shared.a", schema="main", package_name="pk", unique_id="source.pk.shared.a", file="models/pk.yml"
    )
    world.team("shop", table, node("a", pipelines=["daily"]), node("r", "source.pk.shared.a", package="pk"))
    file = "shop/dbt_packages/pk/models/pk.yml"
    world.file(file, "sources:\n  - name: shared\n    schema: main\n    tables: [{name: a}]\n")
    (found,) = world.findings("SCH307")
    assert found.startswith(f"{file}:4: SCH307")

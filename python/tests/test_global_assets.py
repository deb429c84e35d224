"""Source tables that stand for other teams' assets."""

import pytest

from build import World, node, source

DAILY = ["daily"]
GLOBAL = "models/global_assets/g.yml"
EXPOSED = 'alerting: {channel: "#ships"}\nexposed_assets: [{regex: "fct.*"}]'


def told(world: World) -> list[str]:
    return [line for line in world.findings() if line.startswith("shop/")]


def world_of(tmp_path, *items) -> World:
    world = World(tmp_path)
    world.team("shop", node("own", pipelines=DAILY), *items)
    world.team("shipping", node("fct", pipelines=DAILY), node("stg", pipelines=DAILY), text=EXPOSED)
    return world


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
    assert told(world) == []
    (waits,) = (
        waits for work, waits in world.look().graph.dags["daily"].waits.items() if work.endswith(".z")
    )
    assert [str(wait.key) for wait in waits] == ["shipping.fct"]


@pytest.mark.parametrize("item", [source("shipping.fct"), source("raw.fct", meta={"global_asset": "no"})])
def test_what_is_not(tmp_path, item):
    world = world_of(tmp_path, item, node("z", item[1]["unique_id"], pipelines=DAILY))
    assert told(world) == []
    assert not any(world.look().graph.dags["daily"].waits.values())


@pytest.mark.parametrize(
    ("item", "finding"),
    [
        (
            source("global_assets.fctt"),
            'SCH301 global asset "global_assets.fctt": no team exposes an asset called "fctt" | did you mean "fct"?',
        ),
        (
            source("shipping.zzz", file=GLOBAL),
            'SCH301 global asset "shipping.zzz": no team exposes an asset called "zzz" | ask its team to list it under '
            'exposed_assets, or "dbt-scheduler registry list" for what there is',
        ),
        (
            source("shipping.stg", file=GLOBAL),
            'SCH303 global asset "shipping.stg": team shipping makes "stg", but does not expose it'
            " | ask shipping (#ships) to list it under exposed_assets in its scheduler.yaml",
        ),
        (
            source("shop.own", file=GLOBAL),
            'SCH304 global asset "shop.own": "own" is this team\'s own | read it with ref("own"), or as an ordinary '
            "source if a task of scheduler.yaml fills it",
        ),
        (
            source("global_assets.own"),
            'SCH304 global asset "global_assets.own": "own" is this team\'s own | read it with ref("own"), or as an '
            "ordinary source if a task of scheduler.yaml fills it",
        ),
        (
            source("shiping.fct", file=GLOBAL),
            'SCH315 global asset "shiping.fct": the registry has no such team | did you mean "shipping"?',
        ),
    ],
)
def test_findings(tmp_path, item, finding):
    assert told(world_of(tmp_path, item)) == [f"shop/{item[1]['original_file_path']}: {finding}"]


def test_sch302(tmp_path):
    world = world_of(tmp_path, source("global_assets.fct"))
    world.team("trains", node("fct", pipelines=DAILY), text=EXPOSED)
    assert told(world) == [
        'shop/models/sources.yml: SCH302 global asset "global_assets.fct": "fct" is exposed by several teams: shipping, '
        'trains | name the team: a source "shipping" with the table "fct", in a file under a folder global_assets'
    ]


def test_what_only_one_of_two_teams_exposes_is_clear(tmp_path):
    world = world_of(tmp_path, source("global_assets.fct"))
    world.team("trains", node("fct", pipelines=DAILY))
    assert told(world) == []


def test_own_and_foreign_of_one_name(tmp_path):
    world = world_of(tmp_path, source("global_assets.fct"), node("fct", pipelines=DAILY))
    assert told(world) == []


def test_the_line_is_that_of_the_table(tmp_path):
    world = world_of(tmp_path, source("shipping.zzz", file=GLOBAL))
    world.file(
        f"shop/{GLOBAL}", "sources:\n  - name: shipping\n    tables:\n      - name: fct\n      - name: zzz\n"
    )
    assert [line.split(" ")[0] for line in told(world)] == [f"shop/{GLOBAL}:5:"]

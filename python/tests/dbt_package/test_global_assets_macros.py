"""The macros and Python report the same about global assets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from build import World, external, node, source
from dbt_scheduler.findings.catalogue.registry import SCH409
from dbt_scheduler.registry.dbt_package import write_dbt_package
from dbt_scheduler.registry.store import RegistryContents
from registry_package import rendered

DAILY = ["daily"]
GLOBAL = "models/global_assets/g.yml"
EXPOSED = 'alerting: {channel: "#ships"}\nexposed_assets: [{regex: "fct.*"}]'
Macro = Callable[..., Any]


@pytest.fixture
def check_global_table(macro: Callable[[str], Macro]) -> Macro:
    return macro("check_global_table")


def world_of(tmp_path: Path, *items: Any) -> World:
    """Team shop reads ``old`` and ``gone`` of shipping, which no longer produces either."""
    world = World(tmp_path)
    old = [source(f"shipping.{name}", file=GLOBAL) for name in ("fct_shipment", "gone")]
    reader = node("reader", "shipping.fct_shipment", "shipping.gone", pipelines=DAILY)
    world.team("shop", *old, reader)
    both = [node("fct_shipment", pipelines=DAILY), node("gone", pipelines=DAILY)]
    world.team("shipping", *both, text='exposed_assets: [{regex: ".*"}]', project="ships")
    world.registry = {team.project.team: team.entry for team in world.open().teams}
    world.team("shop", *items)
    nodes = [node("fct_shipments", pipelines=DAILY), node("stg", pipelines=DAILY)]
    world.team("shipping", *nodes, text=EXPOSED, project="ships")
    return world


TABLES = [
    *(
        (source(f"shipping.{name}", file=GLOBAL), {})
        for name in ("fct_shipment", "gone", "fct_shipmnts", "stg", "xyz")
    ),
    *(
        (source(f"global_assets.{name}", file=GLOBAL), {})
        for name in ("fct_shipment", "gone", "fct_shipments", "stg")
    ),
    (source("shiping.fct_shipments", file=GLOBAL), {}),
    *(
        (external(f"ships.{name}"), {"external": True})
        for name in ("fct_shipment", "gone", "fct_shipments", "stg", "xyz")
    ),
    (external("shipping.fct_shipments"), {"external": True}),
]


@pytest.mark.parametrize("unreadable", [set(), {"shiping"}, {"shop"}], ids=["", "another", "own"])
@pytest.mark.parametrize(
    ("item", "more"), TABLES, ids=lambda item: item[1]["unique_id"] if len(item) == 2 else ""
)
def test_the_same_words(tmp_path, item, more, unreadable, check_global_table):
    world = world_of(tmp_path, item, node("z", item[1]["unique_id"], pipelines=DAILY))
    world.unreadable = unreadable
    said = [line.partition(": ")[2] for line in world.findings() if line.startswith("shop/")]
    snapshot = snapshot_of(world, tmp_path / "package")
    found = check_global_table(table_of(item[1], more), snapshot)
    reported = [f"{each['code']} {each['message']} | {each['hint']}" for each in [found] if each]
    assert said == reported


def test_where_no_other_team_is_known_the_hint_is_to_export_the_registry(tmp_path, check_global_table):
    snapshot = snapshot_of(world_of(tmp_path), tmp_path / "package")
    nobody = {**snapshot, "teams": {}, "assets": {}, "retired": {}}
    for name, code in (("shipping.fct_shipments", "SCH315"), ("global_assets.fct_shipments", "SCH301")):
        for known in (nobody, {**nobody, "teams": {"shop": snapshot["teams"]["shop"]}}):
            found = check_global_table(table_of(source(name)[1], {}), known)
            assert found["code"] == code
            assert found["hint"].startswith(
                'no other team is known: run "dbt-scheduler registry export" with '
            )


def test_a_project_that_no_team_publishes_is_for_python_to_tell(tmp_path, check_global_table):
    """Another platform may schedule it, as scheduler.yaml can state; the macros cannot read that."""
    snapshot = snapshot_of(world_of(tmp_path), tmp_path / "package")
    table = table_of(external("elsewhere.fct")[1], {"external": True})
    assert check_global_table(table, snapshot) is None


def test_a_snapshot_of_an_older_release(tmp_path, check_global_table):
    """It lists neither retired assets nor the dbt projects of teams."""
    snapshot = snapshot_of(world_of(tmp_path), tmp_path / "package")
    del snapshot["retired"]
    del snapshot["unreadable"]
    snapshot["teams"] = {name: {"channel": each["channel"]} for name, each in snapshot["teams"].items()}
    assert check_global_table(table_of(source("shipping.gone")[1], {}), snapshot)["code"] == "SCH301"
    own_name = table_of(external("shipping.fct_shipments")[1], {"external": True})
    assert check_global_table(own_name, snapshot) is None


def snapshot_of(world: World, folder: Path) -> dict[str, Any]:
    """The output of ``registry export`` for team shop, when shipping has published again, but shop has not."""
    entries = {team.project.team: team.entry for team in world.open().teams} | {
        "shop": world.registry["shop"]
    }
    findings = [SCH409.at("", subject=team, team=team, problem="") for team in sorted(world.unreadable)]
    write_dbt_package(folder, RegistryContents(entries, tuple(findings)), DAILY, "shop")
    return msgspec.json.decode(msgspec.json.encode(rendered(folder)))


def table_of(entry: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """A table in the format of the macros global_tables and external_tables."""
    source_name = entry["package_name"] if more else entry["source_name"]
    return {**entry, "source_name": source_name, **more}

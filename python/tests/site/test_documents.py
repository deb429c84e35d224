"""The registry's documents for the pages: the index, the lineage and each team's document."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from build import World, node, source
from builders import an_entry
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.entry import Acknowledged, AssetKey, Entry
from dbt_scheduler.site.catalogue import Catalogue
from dbt_scheduler.site.edges import make_edges
from dbt_scheduler.site.index import About, make_index
from dbt_scheduler.site.teams import make_team

DAILY = ["daily"]
NOW = datetime(2025, 9, 9, 6, 30, tzinfo=UTC)
EXPOSED = "exposed_assets: [{regex: 'dim_.*', slo: {daily: {hours: 6}}}]\nalerting: {channel: '#shop', tag: ['@a']}\n"


def plain(value: object) -> Any:
    """A document in the format of the pages."""
    return msgspec.json.decode(msgspec.json.encode(value))


@pytest.fixture
def catalogue(tmp_path) -> Catalogue:
    """``shop`` builds dim_a from raw, and dim_b hourly; ``audit`` reads both, and dim_a also in a task without assets."""
    world = World(tmp_path)
    columns = {
        "id": {"name": "id", "data_type": "int64", "description": "The key."},
        "name": {"name": "name"},
    }
    shop = (
        node("raw", pipelines=DAILY),
        node(
            "dim_a", "raw", pipelines=DAILY, columns=columns, description="All a.", tags=["x"], owners=["zoe"]
        ),
        node("dim_b", "raw", pipelines=["daily", "hourly"], tags=["x", "w"]),
    )
    world.team("shop", *shop, text=EXPOSED)
    reads = (source("shop.dim_a", file="models/global_assets/g.yml"),)
    world.team(
        "audit",
        *reads,
        node("dim_a", "shop.dim_a", pipelines=DAILY, dependencies={"shop.dim_a": "soft"}),
        text="tasks: [{kind: universal, name: mail, command: mail, pipelines: [daily], conditions: [shop.dim_a]}]",
    )
    return Catalogue(Directory({name: world.look(name).entry for name in ("audit", "shop")}))


def test_the_index_has_each_asset_in_columns(catalogue):
    found = plain(
        make_index(
            catalogue, About(generated_at=NOW, registry="gs://b/r", slo={AssetKey("shop", "dim_a"): (29, 30)})
        )
    )
    assert found == {
        "format_version": 1,
        "generated_at": "2025-09-09T06:30:00Z",
        "folder": "",
        "registry": "gs://b/r",
        "problems": [],
        "documents": [],
        "history_at": None,
        "airflow_url": None,
        "teams": [
            {"name": "audit", "channel": None, "tag": [], "external": False},
            {"name": "shop", "channel": "#shop", "tag": ["@a"], "external": False},
        ],
        "pipelines": ["daily", "hourly"],
        "tags": ["w", "x"],
        "owners": ["zoe"],
        "assets": {
            "name": ["dim_a", "dim_a", "dim_b", "raw"],
            "team": [0, 1, 1, 1],
            "exposed": [0, 1, 1, 0],
            "pipelines": [[0], [0], [0, 1], [0]],
            "ready": [1, 0, 0, 1],
            "task": ["marts.dim_a", "marts.dim_a", "marts.dim_b", "marts.raw"],
            "readers": [[], [0], [], []],
            "tags": [[], [1], [0, 1], []],
            "owners": [[], [0], [], []],
            "columns": ["", "id name", "", ""],
            "slo": [None, [29, 30], None, None],
        },
        "readiness": ["daily, by 06:10 UTC", "daily, no SLO"],
    }


def test_edges_lead_from_what_is_read_to_what_reads_it(catalogue):
    found = plain(make_edges(catalogue))
    names = [str(key) for key in catalogue.assets] + [f"task {each['task_id']}" for each in found["tasks"]]
    kinds = ("plain", "hard", "soft", "no_wait")
    assert [
        (names[begin], names[end], kinds[kind])
        for begin, end, kind in zip(found["from"], found["to"], found["kind"], strict=True)
    ] == [
        ("shop.dim_a", "audit.dim_a", "soft"),
        ("shop.dim_a", "task mail", "hard"),
        ("shop.raw", "shop.dim_a", "plain"),
        ("shop.raw", "shop.dim_b", "plain"),
        ("shop.raw", "shop.dim_b", "hard"),
    ]
    assert found["tasks"] == [{"team": 0, "task_id": "mail", "dag_id": "audit_daily"}]


def test_a_team_has_its_assets_and_what_it_reads(catalogue):
    shop, audit = (plain(make_team(catalogue, team)) for team in ("shop", "audit"))
    assert shop["pipelines"] == [
        {"name": "daily", "schedule": "every day at 00:10 UTC", "dag_id": "shop_daily"},
        {"name": "hourly", "schedule": "every hour at :05 UTC", "dag_id": "shop_hourly"},
    ]
    assert shop["assets"]["dim_a"] == {
        "latest_of": None,
        "task_id": "marts.dim_a",
        "exposed": True,
        "description": "All a.",
        "tags": ["x"],
        "owners": ["zoe"],
        "relation": "warehouse.main.dim_a",
        "columns": [
            {"name": "id", "type": "int64", "description": "The key."},
            {"name": "name", "type": None, "description": ""},
        ],
        "promises": [
            {"pipeline": "daily", "dag_id": "shop_daily", "exposed": True, "slo_seconds": 21600, "ready": "daily, by 06:10 UTC"}
        ],
        "consumers": [
            {"team": "audit", "channel": None, "dag_id": "audit_daily", "task_id": "mail", "dependency": "hard", "producer_pipeline": "daily", "columns": None},
            {"team": "audit", "channel": None, "dag_id": "audit_daily", "task_id": "marts.dim_a", "dependency": "soft", "producer_pipeline": "daily", "columns": None},
        ],
    }  # fmt: skip
    read = {
        "asset": "dim_a",
        "team": "shop",
        "channel": "#shop",
        "ready": "daily, by 06:10 UTC",
        "dag_id": "audit_daily",
        "columns": None,
    }
    assert audit["reads"] == [
        {**read, "dependency": "hard", "task_id": "mail"},
        {**read, "dependency": "soft", "task_id": "marts.dim_a"},
    ]
    assert (shop["project"], shop["reads"], shop["acknowledged"]) == ("shop", [], [])


@pytest.mark.parametrize("columns", [("id",), "*"])
def test_a_reader_has_the_columns_that_it_reads(catalogue, columns):
    entries = dict(catalogue.directory.entries)
    mail = next(each for each in entries["audit"].consumed["shop"]["dim_a"] if each.task_id == "mail")
    reader = msgspec.structs.replace(mail, columns=columns)
    entries["audit"] = changed(entries["audit"], consumed={"shop": {"dim_a": (reader,)}})
    shop = plain(make_team(Catalogue(Directory(entries)), "shop"))
    (found,) = shop["assets"]["dim_a"]["consumers"]
    assert (found["task_id"], found["columns"]) == ("mail", columns if columns == "*" else [*columns])


def test_a_team_with_external_assets_has_no_dag_of_a_pipeline():
    entry = an_entry("orders", "daily", dag_id="load_orders")
    team = make_team(Catalogue(Directory({"shipping": entry})), "shipping")
    assert (team.external, team.pipelines[0].dag_id) == (True, None)
    assert team.assets["orders"].promises[0].dag_id == "load_orders"


def changed(entry: Entry, **changes: Any) -> Entry:
    return msgspec.structs.replace(entry, **changes)


def test_references_to_unknown_assets_are_no_edges():
    made = an_entry("orders", "daily")
    produced = {"orders": msgspec.structs.replace(made.produced["orders"], reads=("gone", "orders_too"))}
    shipping = changed(
        made, produced=produced, acknowledged_changes=(Acknowledged("orders", "Removed.", "agreed"),)
    )
    catalogue = Catalogue(Directory({"shipping": shipping}))
    assert plain(make_edges(catalogue)) == {"from": [], "to": [], "kind": [], "tasks": []}
    assert plain(make_team(catalogue, "shipping"))["acknowledged"] == [
        {"asset": "orders", "change": "Removed.", "reason": "agreed"}
    ]


def test_an_entry_of_an_earlier_release_is_shown_with_what_it_has(catalogue):
    new = {"description", "tags", "owners", "column_descriptions", "reads"}
    document = plain(dict(catalogue.directory.entries))
    for entry in document.values():
        for made in entry["produced"].values():
            for key in new & made.keys():
                del made[key]
    old = Catalogue(Directory(msgspec.convert(document, dict[str, Entry])))
    assert plain(make_edges(old))["kind"] == [2, 1, 1]
    assert plain(make_team(old, "shop"))["assets"]["dim_a"]["columns"][0] == {
        "name": "id",
        "type": "int64",
        "description": "",
    }

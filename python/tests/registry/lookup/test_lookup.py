"""Registry lookups: for scripts, with ambiguous names, and descriptions of when assets are ready."""

import json

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from build import World, node, source
from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from command import run
from dbt_scheduler.registry.stores import open_store
from dbt_scheduler.schedule import format_readiness
from dbt_scheduler.schedule.text import format_schedule
from dbt_scheduler.spec import Schedule

DAILY = ["daily"]
WAIT = a_wait("dim")
EXPOSED = "exposed_assets: [{regex: 'dim_.*', slo: {daily: {hours: 6}}}]\nalerting: {channel: '#shop'}\n"


@pytest.mark.parametrize(
    ("cron", "timezone", "seconds", "words"),
    [
        ("10 0 * * *", "UTC", 21600, "by 06:10 UTC"),
        ("@daily", "UTC", 3661, "by 01:02 UTC"),
        ("10 20 * * *", "Europe/Vilnius", 21600, "by 02:10 Europe/Vilnius the next day"),
        ("10 20 * * *", "UTC", 162000, "by 17:10 UTC 2 days later"),
        ("5 * * * *", "UTC", 3000, "by :55 of each hour"),
        ("5 * * * *", "UTC", 5400, "by :35 the next hour"),
        ("5 * * * *", "UTC", 9000, "by :35 2 hours later"),
        ("30 0 * * 1", "UTC", 21600, "by Monday 06:30 UTC"),
        ("30 0 * * 0", "UTC", 86400, "by Monday 00:30 UTC"),
        ("30 0 * * 1", "UTC", 8 * 86400, "by Tuesday 00:30 UTC the next week"),
        ("0 6 1 * *", "UTC", 3600, "by 07:00 UTC on day 1 of the month"),
        ("0 6 1 * *", "UTC", 86400, '1d after each scheduled time ("0 6 1 * *" UTC)'),
        ("0 0 * 1 *", "UTC", 60, '1m after each scheduled time ("0 0 * 1 *" UTC)'),
        ("0 6 31 * *", "UTC", 60, '1m after each scheduled time ("0 6 31 * *" UTC)'),
        ("0 6 * * 1-5", "UTC", 3600, '1h after each scheduled time ("0 6 * * 1-5" UTC)'),
        ("*/15 * * * *", "UTC", 600, '10m after each scheduled time ("*/15 * * * *" UTC)'),
        ("0 */6 * * *", "UTC", 600, '10m after each scheduled time ("0 */6 * * *" UTC)'),
    ],
)
def test_when_it_is_ready_in_words(cron, timezone, seconds, words):
    assert format_readiness("main", Schedule(cron, timezone), seconds) == f"main, {words}"


@pytest.mark.parametrize(
    ("cron", "timezone", "words"),
    [
        ("10 0 * * *", "UTC", "every day at 00:10 UTC"),
        ("@daily", "Europe/Vilnius", "every day at 00:00 Europe/Vilnius"),
        ("5 * * * *", "UTC", "every hour at :05 UTC"),
        ("30 0 * * 1", "UTC", "every Monday at 00:30 UTC"),
        ("0 6 1 * *", "UTC", "on day 1 of each month at 06:00 UTC"),
        ("0 6 31 * *", "UTC", '"0 6 31 * *" UTC'),
        ("0 6 * * 1-5", "UTC", '"0 6 * * 1-5" UTC'),
        ("*/15 * * * *", "UTC", '"*/15 * * * *" UTC'),
        ("5 * * * 1", "UTC", '"5 * * * 1" UTC'),
    ],
)
def test_a_schedule_in_words(cron, timezone, words):
    assert format_schedule(Schedule(cron, timezone)) == words


def test_without_an_slo():
    assert format_readiness("daily", Schedule("10 0 * * *"), None) == "daily, no SLO"


@pytest.fixture
def registry(tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    world = World(tmp_path)
    world.team("shop", node("dim_a", pipelines=DAILY), node("dim_b", pipelines=DAILY), text=EXPOSED)
    read = source("shop.dim_a", file="models/global_assets/g.yml")
    world.team("audit", read, node("dim_b", "shop.dim_a", pipelines=DAILY), text=EXPOSED)
    run("compile", "shop", "audit", "--out", "out")
    return "out/registry"


def reported(*arguments: str) -> str:
    result = run("registry", *arguments, code=2)
    assert result.stdout == ""
    return result.stderr


def test_a_script_gets_everything(registry):
    (only,) = json.loads(
        run("registry", "producers", "audit", "--registry", registry, "--format", "json").stdout
    )
    assert only == {
        "asset": "dim_a",
        "team": "shop",
        "channel": "#shop",
        "ready": "daily, by 06:10 UTC",
        "dependency": "hard",
        "dag_id": "audit_daily",
        "task_id": "marts.dim_b",
        "columns": None,
    }
    listed = json.loads(run("registry", "list", "--registry", registry, "--format", "json").stdout)
    assert [(each["asset"], each["team"]) for each in listed] == [
        ("dim_a", "shop"),
        ("dim_b", "audit"),
        ("dim_b", "shop"),
    ]
    shown = json.loads(
        run("registry", "show", "shop.dim_a", "--registry", registry, "--format", "json").stdout
    )
    assert shown == listed[0]
    assert shown["consumers"] == [
        {
            "team": "audit",
            "channel": "#shop",
            "dag_id": "audit_daily",
            "task_id": "marts.dim_b",
            "dependency": "hard",
            "producer_pipeline": "daily",
            "columns": None,
        }
    ]


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (("customer_id", "segment"), "customer_id, segment"),
        ("*", "every column"),
        ((), "none"),
        (UNSET, "unknown"),
        (("a\x1b[2J",), "a\\x1b[2J"),
    ],
)
def test_the_columns_that_a_task_reads(tmp_path, columns, shown):
    reader = a_spec(a_task("marts.mine", upstream=(WAIT.task_id,)), sensors=(WAIT,))
    entry = a_wait_entry(reader)
    (read,) = entry.consumed["shipping"]["dim"]
    entry.consumed["shipping"]["dim"] = (replace(read, columns=columns),)
    store = open_store(tmp_path.as_uri(), 20)
    store.replace("shipping", an_entry("dim", "daily"), None)
    store.replace("playground", entry, None)
    for words in (("show", "dim"), ("consumers", "dim"), ("producers", "playground")):
        *_, head, row = run("registry", *words, "--registry", tmp_path.as_uri()).stdout.splitlines()
        assert head.endswith("  COLUMNS")
        assert row[head.index("COLUMNS") :] == shown


def test_no_readers(registry):
    assert run("registry", "consumers", "audit.dim_b", "--registry", registry).stdout == "no consumers\n"
    assert run("registry", "producers", "shop", "--registry", registry).stdout == "no assets of other teams\n"


def test_all_entries_as_one_document(registry, tmp_path):
    found = json.loads(run("registry", "export", "--json", "--registry", registry).stdout)
    for team in ("audit", "shop"):
        written = json.loads((tmp_path / registry / f"{team}.json").read_text())
        assert found[team] == written[team]


def test_names_that_are_not_clear(registry):
    there = ("--registry", registry)
    assert reported("show", "dim_b", *there) == (
        'several teams have an asset "dim_b": audit.dim_b, shop.dim_b\n  hint: specify one of them, such as audit.dim_b\n'
    )
    assert reported("show", "dimm_a", *there) == 'asset "dimm_a" not found\n  hint: did you mean "dim_a"?\n'
    assert reported("consumers", "shop.dimm_a", *there) == (
        'team shop has no asset "dimm_a"\n  hint: did you mean "shop.dim_a"?\n'
    )
    assert reported("show", "xyz", *there) == (
        'asset "xyz" not found\n  hint: run `dbt-scheduler registry list --all` to list all assets\n'
    )
    assert reported("producers", "shp", *there) == (
        'team "shp" not found in the registry\n  hint: did you mean "shop"?\n'
    )
    assert (
        reported("producers", "xyz", *there)
        == 'team "xyz" not found in the registry\n  hint: available teams: audit, shop\n'
    )


def test_without_a_registry(registry):
    assert reported("list") == (
        "no registry is configured\n  hint: set --registry URL, or registry.url in platform.yaml\n"
    )
    assert "SCH412 the registry cannot be read: registry URLs start with" in reported(
        "list", "--registry", "ftp://x/y"
    )


def test_an_entry_that_cannot_be_read_is_reported_and_hides_no_other(registry, tmp_path):
    (tmp_path / registry / "audit.json").write_text("{")
    result = run("registry", "list", "--registry", registry)
    assert "dim_a  shop  daily, by 06:10 UTC\n" in result.stdout
    assert 'SCH409 the registry entry of team "audit" cannot be read: it is truncated' in result.stderr


def test_export_asks_what_to_write(registry):
    assert "specify --dbt-package FOLDER, --json, or both" in reported("export", "--registry", registry)

"""The report beyond its golden files: sizes, untrusted text, JSON, and invalid inputs."""

import json
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET

from build import World, node
from command import run
from dbt_scheduler.config.schema.validation import validate
from dbt_scheduler.registry.encoding import encode_entry
from dbt_scheduler.registry.entry import Consumed

DAILY = ["daily"]
EXPOSED = "exposed_assets: [{regex: 'dim_.*', slo: {daily: {hours: 6}}}]\n"
COLUMNS = {"customer_id": {"data_type": "int64"}}


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    Path("registry").mkdir()
    return World(Path())


def compiled(world: World, out: str, *items, text: str = EXPOSED, team: str = "shop") -> str:
    world.team(team, *items, text=text)
    run("compile", team, "--out", out, "--registry", "registry")
    return out


def report(*arguments: str, code: int = 0) -> str:
    return run("report", "base", "head", "--registry", "registry", *arguments, code=code).stdout


def dim(name: str = "dim_customers", **words):
    return node(name, **{"pipelines": DAILY, "columns": COLUMNS, **words})


def test_many_lines_are_folded(world):
    compiled(world, "base", node("a", pipelines=DAILY), text="")
    compiled(world, "head", *(node(f"m{n:02}", pipelines=DAILY) for n in range(25)), text="")
    text = report()
    assert "Tasks: 25 added, 1 removed\n" in text
    assert (
        "- + marts.m18\n\n"
        "<details><summary>6 more</summary>\n\n"
        "- + marts.m19\n- + marts.m20\n- + marts.m21\n- + marts.m22\n- + marts.m23\n- + marts.m24\n\n"
        "</details>\n"
    ) in text


def test_a_report_fits_a_comment_whatever_its_size(world):
    names = [f"a_model_with_a_long_name_{n:04}" for n in range(2000)]
    compiled(world, "base", text="")
    compiled(world, "head", *(node(name, pipelines=DAILY) for name in names), text="")
    text = report()
    assert len(text.encode()) <= 60_000
    assert "Tasks: 2000 added, 0 removed\n" in text
    assert "- and 1500 more, in `--format json`\n" in text
    (found,) = json.loads(report("--format", "json"))
    assert len(found["state"]["changed"][0]["items"]) == 2000


def test_many_broken_assets_fit_a_comment_too(world):
    dims = [
        dim(f"dim_{n:03}", columns={f"a_long_column_name_{c}": {} for c in range(50)}) for n in range(300)
    ]
    compiled(world, "base", *dims)
    compiled(world, "head", *(dim(f"dim_{n:03}", columns={}) for n in range(300)))
    text = report(code=1)
    assert len(text.encode()) <= 60_000
    assert "And 280 more, in `--format json`." in text or "more, in `--format json`" in text


def test_a_type_of_fifty_thousand_characters_fits_a_comment_too(world):
    compiled(world, "base", dim(columns={"a": {"data_type": "x" * 50_000}, "b": {"data_type": "int"}}))
    compiled(world, "head", dim(columns={"a": {"data_type": "y" * 50_000}, "b": {"data_type": "text"}}))
    text = report("--format", "comment", code=1)
    assert len(text.encode()) <= 60_000
    assert f"- Column a changed from {'x' * 300}" in text
    assert "### Scheduler state diff\n" in text
    assert text.endswith("\nLines ending in … are shown in full by `--format json`.\n")


def test_what_a_comment_adds_counts_too(world):
    """Each handle gets a backtick on both sides."""
    handles = [f"@{n}" for n in range(100)]
    compiled(world, "base", *(node(f"m{n}", pipelines=DAILY) for n in range(110)), text="")
    compiled(world, "head", *(node(f"m{n}", pipelines=DAILY, owners=handles) for n in range(110)), text="")
    assert 50_000 < len(report().encode()) <= 60_000
    assert len(report("--format", "comment").encode()) <= 60_000


def test_reports_of_many_teams_fit_a_comment_too_and_breaking_ones_come_first(world):
    """Each team gets a new model; the columns of the last team's asset are removed."""
    teams = [f"team_{n:03}_{'x' * 90}" for n in range(300)]
    for team in teams:
        world.team(team, dim(f"dim_{team[:8]}"), text=EXPOSED)
    run("compile", *teams, "--out", "base", "--registry", "registry")
    for team in teams:
        world.team(team, node("other", pipelines=DAILY), dim(f"dim_{team[:8]}"), text=EXPOSED)
    world.team(teams[-1], dim(f"dim_{teams[-1][:8]}", columns={}), text=EXPOSED)
    run("compile", *teams, "--out", "head", "--registry", "registry")
    text = report("--format", "comment", code=1)
    assert len(text.encode()) <= 60_000
    assert text.split("\n")[1] == f"## Scheduler report: {teams[-1]}"
    shown = text.count("## Scheduler report: ")
    assert f"\nAnd {300 - shown} more teams, in `--format json`.\n" in text


def test_text_of_teams_is_no_markup(world):
    evil = {"a*b <img src=x> [x](y) `c` _d_\n## e": {"data_type": "array<int64>"}}
    compiled(world, "base", dim(columns=evil))
    compiled(world, "head", dim(columns={}))
    text = report(code=1)
    assert "- Column a\\*b &lt;img src=x&gt; \\[x\\](y) \\`c\\` \\_d\\_ ## e removed.\n" in text
    (block,) = text.split("```yaml\n")[1:]
    assert "`" not in block.split("\n```")[0]


def test_a_comment_shows_every_sign(world):
    compiled(world, "base", node("a", pipelines=DAILY), text="")
    compiled(world, "head", node("b", pipelines=DAILY), text="")
    text = report("--format", "comment")
    assert text.startswith("<!-- dbt-scheduler report: shop -->\n## Scheduler report: shop\n")
    assert "**shop_daily**\n- \\- marts.a\n- \\+ marts.b\n" in text


def test_a_comment_notifies_no_user(world):
    compiled(world, "base", node("a", pipelines=DAILY), text="")
    compiled(world, "head", node("a", pipelines=DAILY, owners=["@some.owner.team"]), text="")
    assert "owners none → @some.owner.team\n" in report()
    assert "owners none → `@some.owner.team`\n" in report("--format", "comment")


@pytest.mark.parametrize(
    ("owner", "shown"),
    [
        ("#12", "`#12`"),
        ("GH-12", "`GH-12`"),
        ("a/b#12", "a/b`#12`"),
        ("!7", "`!7`"),
        ("https://evil.example/a_b?c", "`https://evil.example/a_b`?c"),
        ("_www.evil.example_", "\\_`www.evil.example`\\_"),
        ("c0ffee1 c0ffee", "`c0ffee1` c0ffee"),
        ("`@me` `@you`", "\\``@me`\\` \\``@you`\\`"),
    ],
)
def test_a_comment_links_nowhere(world, owner, shown):
    compiled(world, "base", node("a", pipelines=DAILY), text="")
    compiled(world, "head", node("a", pipelines=DAILY, owners=[owner]), text="")
    assert f"owners none → {shown}\n" in report("--format", "comment")


def test_readers_that_cannot_be_read_are_reported(world):
    compiled(world, "base", dim())
    compiled(world, "head", node("other", pipelines=DAILY), text="")
    Path("registry/audit.json").write_text("{")
    text = report(code=1)
    assert (
        "Consumers: none in the registry.\n\n"
        "Some registry entries cannot be read, so the consumers of these teams are unknown: audit\n"
    ) in text
    (found,) = json.loads(report("--format", "json", code=1))
    assert found["unread_teams"] == ["audit"]


def versioned(number: int, latest: int, **words):
    return node("dim", version=number, latest_version=latest, pipelines=DAILY, **words)


def test_a_new_latest_version_is_another_table_for_readers_of_the_bare_name(world):
    columns = {"id": {"data_type": "int64"}}
    compiled(world, "base", versioned(1, 1, columns=columns), text="exposed_assets: [{regex: 'dim_.*'}]\n")
    both = (versioned(1, 2, columns=columns), versioned(2, 2))
    compiled(world, "head", *both, text="exposed_assets: [{regex: 'dim_.*'}]\n")
    text = report(code=1)
    assert "Asset dim\n- Latest version changed from dim_v1 to dim_v2.\n- Column id removed.\n" in text
    assert "Asset dim_v1" not in text


def test_a_first_version_breaks_no_consumer(world):
    compiled(world, "base", dim("dim", alias="dim"), text="exposed_assets: [{regex: 'dim.*'}]\n")
    model = versioned(1, 1, alias="dim", columns=COLUMNS)
    compiled(world, "head", model, text="exposed_assets: [{regex: 'dim.*'}]\n")
    assert "No breaking changes found" in report()


def test_a_new_asset_is_the_new_name_of_one_old_asset_only(world):
    compiled(world, "base", dim("dim_a"), dim("dim_b"))
    compiled(world, "head", dim("dim_c"))
    text = report(code=1)
    assert "Asset dim_a\n- Removed.\n" in text
    assert "Asset dim_b\n- Removed.\n" in text


def test_a_new_name_does_not_hide_what_else_changes(world):
    compiled(world, "base", dim("dim_a", alias="same"))
    compiled(world, "head", dim("dim_b", alias="same", columns={}))
    assert "Asset dim_a\n- Renamed to dim_b.\n- Column customer_id removed.\n" in report(code=1)


def test_a_renamed_asset_that_is_not_exposed_is_no_replacement(world):
    compiled(world, "base", dim("dim_a", alias="same"))
    compiled(world, "head", dim("fct_a", alias="same"), text="")
    assert "Asset dim_a\n- Removed.\n" in report(code=1)


def test_a_place_is_the_same_whatever_its_case_and_with_the_database_unknown(world):
    compiled(world, "base", dim(database=None, schema="Main"))
    compiled(world, "head", dim(database="warehouse", schema="main"))
    assert "No breaking changes found" in report()


def test_acknowledging_takes_the_words_of_the_report(world):
    compiled(world, "base", dim())
    words = EXPOSED + (
        "acknowledged_changes: [{asset: dim_customers, change: column  customer_id REMOVED, reason: moved}]\n"
    )
    compiled(world, "head", dim(columns={}), text=words)
    text = report()
    assert "- Column customer_id removed. Acknowledged: moved\n" in text
    assert "⚠️" not in text


def test_an_acknowledgement_is_of_its_own_asset_and_change(world):
    compiled(world, "base", dim(), dim("dim_dates"))
    words = EXPOSED + (
        "acknowledged_changes: [{asset: dim_dates, change: Column customer_id removed, reason: moved}]\n"
    )
    compiled(world, "head", dim(columns={}), dim("dim_dates"), text=words)
    text = report(code=1)
    assert "- Column customer_id removed.\n" in text
    assert "- dim_dates: Column customer_id removed\n" in text


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({}, {"new": {"data_type": "int64"}}),
        ({"id": {"data_type": None}}, {"id": {"data_type": "int64"}}),
        ({"id": {"data_type": "int64"}}, {"ID": {"data_type": "INT64"}}),
        ({"id": {"data_type": "int64"}}, {"id": {"data_type": None}}),
    ],
)
def test_changes_that_break_no_consumer(world, was, now):
    compiled(world, "base", dim(columns=was))
    compiled(world, "head", dim(columns=now))
    assert "No breaking changes found" in report()


def test_other_words_about_an_asset_are_no_change(world):
    columns = {"customer_id": {"data_type": "int64", "description": "Another text."}}
    compiled(world, "base", dim(description="A text.", tags=["a"]))
    compiled(world, "head", dim(description="Another text.", tags=["b"], columns=columns, owners=["zoe"]))
    text = report()
    assert "No breaking changes found" in text
    assert "ext." not in text
    # # owners are also in Airflow, and tags are not
    assert "owners none → zoe" in text
    assert text.count("→") == 1


def test_an_additional_more_frequent_pipeline_breaks_no_consumer(world):
    compiled(world, "base", dim())
    text = "exposed_assets: [{regex: 'dim_.*', slo: {daily: {hours: 6}, hourly: {minutes: 30}}}]\n"
    compiled(world, "head", dim(pipelines=["hourly", "daily"]), text=text)
    assert "No breaking changes found" in report()


@pytest.mark.parametrize(
    ("site_url", "page"),
    [
        ("https://registry.example.com", "https://registry.example.com/#/assets/shop/dim_customers_v1"),
        ("https://example.com/registry/", "https://example.com/registry/#/assets/shop/dim_customers_v1"),
        ("http://host:8080/a/index.html", "http://host:8080/a/index.html#/assets/shop/dim_customers_v1"),
    ],
)
def test_an_asset_links_to_its_page_where_there_is_a_site(world, site_url, page):
    compiled(world, "base", dim(version=1, latest_version=1, alias="dim_customers"))
    compiled(world, "head", dim("dim_dates", columns={}))
    platform = world.root / "platform.yaml"
    platform.write_text(f"{platform.read_text()}registry: {{site_url: {site_url!r}}}\n")
    text = report(code=1)
    assert f"Asset [dim_customers_v1]({page})\n- Removed." in text
    (found,) = json.loads(report("--format", "json", code=1))
    assert {asset["page"] for asset in found["assets"]} == {page}


@pytest.mark.parametrize(
    "site_url",
    ["javascript:alert(1)", "registry", "https://me:pw@host", "https://a/) [x](https://b", "https://a/?b", 1],
)
def test_a_site_is_at_an_address(world, site_url):
    compiled(world, "base", dim())
    platform = world.root / "platform.yaml"
    platform.write_text(f"{platform.read_text()}registry: {{site_url: {site_url!r}}}\n")
    done = run("report", "base", "base", code=2)
    assert "platform.yaml" in done.stderr
    assert "SCH405" in done.stderr


def test_what_is_not_exposed_may_change(world):
    compiled(world, "base", dim(), text="")
    compiled(world, "head", node("other", pipelines=DAILY), text="")
    assert "No breaking changes found" in report()


def test_a_team_that_goes_breaks_its_readers(world):
    compiled(world, "base", dim())
    compiled(world, "base", node("x", pipelines=DAILY), text="", team="audit")
    compiled(world, "head", node("x", pipelines=DAILY), text="", team="audit")
    text = report(code=1)
    assert text.startswith("## Scheduler report: audit\n\nNo breaking changes")
    assert (
        "## Scheduler report: shop\n\n⚠️ Breaking changes found in project registry\n\nAsset dim_customers\n- Removed.\n"
        in text
    )


def test_the_json_is_of_its_schema(world):
    compiled(world, "base", dim())
    compiled(world, "head", node("other", pipelines=DAILY), text="")
    found = json.loads(report("--format", "json", code=1))
    assert validate("report", found) == ()
    assert found[0]["assets"] == [
        {
            "asset": "dim_customers",
            "page": None,
            "changes": [{"kind": "removed", "text": "Removed.", "acknowledged": None, "column": None}],
            "consumers": [],
            "reaches": [],
        }
    ]


def test_readers_of_a_removed_column(world):
    def reading(team: str, *columns: object) -> None:
        tasks = [
            Consumed(
                pipeline="daily", producer_pipeline="daily", task_group=None, task_id=f"t{n}", sensor_task_id=None,
                dependency="no_wait", columns=each,
            )
            for n, each in enumerate(columns)
        ]  # fmt: skip
        entry = world.look().entry
        reader = msgspec.structs.replace(
            entry, produced={}, consumed={"shop": {"dim_customers": tuple(tasks)}}
        )
        (world.root / "registry" / f"{team}.json").write_bytes(encode_entry(team, reader))

    compiled(world, "base", dim(columns={"id": {}, "Country": {}}))
    compiled(world, "head", dim(columns={"id": {}}))
    reading("by_name", ("COUNTRY", "id"), "*")
    reading("every", ("id",), "*", UNSET)
    reading("unknown", UNSET, ("id",))
    reading("other", ("id",))
    (found,) = json.loads(report("--format", "json", code=1))
    assert validate("report", [found]) == ()
    assert found["breaking"] is True
    assert found["assets"][0]["changes"][0]["column"] == {
        "readers": ["by_name"],
        "readers_of_every_column": ["every"],
        "not_known": ["unknown"],
        "others": ["other"],
    }
    assert (
        "- Column Country removed.\n  - Read by: by_name\n  - Every column is read by: every\n"
        "  - Possibly read by: unknown\n\nConsumers:\n- *by_name*\n- *every*\n- *unknown*\n\n"
        "Consumers that read none of these columns: other\n"
    ) in report(code=1)
    for team in ("by_name", "every", "unknown"):
        (world.root / "registry" / f"{team}.json").unlink()
    assert (
        "⚠️ Breaking changes found in project registry\n\nAsset dim_customers\n- Column Country removed.\n"
        "  - Not read by any consumer in the registry.\n\nConsumers that read none of these columns: other\n"
    ) in report(code=1)
    compiled(world, "head", dim(columns={"id": {}}), text="")
    assert "- No longer exposed.\n- Column Country removed.\n" in (text := report(code=1))
    assert "Consumers:\n- *other*\n" in text


def test_a_base_that_was_not_compiled_is_what_the_team_has_published(world):
    compiled(world, "published", dim())
    Path("base").mkdir()
    compiled(world, "head", dim(columns={}))
    Path("registry/shop.json").write_bytes(Path("published/registry/shop.json").read_bytes())
    text = report(code=1)
    assert text.startswith(
        "## Scheduler report: shop\n\n"
        "BASE has no compiled output: this report compares with the team's published entry.\n\n"
        "⚠️ Breaking changes found in project registry\n\n"
        "Asset dim_customers\n- Column customer_id removed.\n"
    )
    assert "state diff" not in text
    found = json.loads(report("--format", "json", code=1))
    assert found[0]["state"] is None
    assert validate("report", found) == ()


def test_without_a_registry_the_report_has_a_warning(world):
    compiled(world, "base", dim())
    compiled(world, "head", dim())
    result = run("report", "base", "head")
    assert result.stderr == (
        "warning: no registry is configured: only consumers that were compiled together are listed\n"
    )


def test_outputs_of_different_teams_are_refused(world):
    compiled(world, "base", dim())
    compiled(world, "head", dim(), team="audit")
    result = run("report", "base", "head", "--registry", "registry", code=2)
    assert result.stdout == ""
    assert result.stderr == (
        "head: SCH421 HEAD is the output of team audit, but BASE is the output of team shop\n"
        "  hint: compile the same project twice: from the base branch, and from the pull request\n"
        "1 error\n"
    )


@pytest.mark.parametrize(
    ("file", "content", "reported"),
    [
        (
            None,
            None,
            "head: SCH420 not an output folder of dbt-scheduler compile: the folder does not exist\n",
        ),
        (
            "note.txt",
            "x",
            "head: SCH420 not an output folder of dbt-scheduler compile: the folder registry/ does not exist\n",
        ),
        (
            "registry/shop.json",
            "{",
            'the registry entry of team "shop" cannot be read: it is truncated\n',
        ),
        (
            "registry/shop.json",
            '{"shop": {"format_version": 9}}',
            'SCH409 the registry entry of team "shop" cannot be read: format_version 9 is not supported; supported: 1 and 2\n',
        ),
        (
            "dags/shop_daily.json",
            "{}",
            "head/dags/shop_daily.json: SCH422 this file is not a valid DAG spec: ",
        ),
        (
            "dags/shop_daily.json",
            '{"format_version": 9}',
            "head/dags/shop_daily.json: SCH422 this file has format_version 9",
        ),
    ],
)
def test_what_is_no_output_is_refused(world, file, content, reported):
    compiled(world, "base", dim())
    if file:
        compiled(world, "head", dim()) if "/" in file else Path("head").mkdir()
        Path("head", file).write_text(content)
    result = run("report", "base", "head", "--registry", "registry", code=2)
    assert result.stdout == ""
    assert reported in result.stderr


def test_two_empty_folders_are_refused(world):
    Path("base").mkdir()
    Path("head").mkdir()
    result = run("report", "base", "head", "--registry", "registry", code=2)
    assert (
        "head: SCH420 not an output folder of dbt-scheduler compile: both HEAD and BASE are empty\n"
        in result.stderr
    )


def test_a_spec_without_its_entry_is_refused(world):
    compiled(world, "base", dim())
    compiled(world, "head", dim())
    compiled(world, "head", dim(), team="audit")
    Path("head/registry/audit.json").unlink()
    result = run("report", "base", "head", "--registry", "registry", code=2)
    assert "audit_daily.json belongs to team audit, which has no entry in registry/\n" in result.stderr


def test_the_same_two_folders_give_the_same_bytes(world):
    compiled(world, "base", dim(), node("z", "dim_customers", pipelines=DAILY))
    compiled(world, "head", dim(pipelines=["hourly"]), text=EXPOSED.replace("daily: {h", "hourly: {h"))
    text = report(code=1)
    assert "Pipeline changed from daily to hourly." in text
    assert report(code=1) == text


def test_a_sensor_whose_target_changes_is_reported(world):
    weekly = node("z", "x", pipelines=["weekly"])
    compiled(world, "base", node("x", pipelines=DAILY), weekly, text="")
    compiled(world, "head", node("x", pipelines=["hourly"], group="core"), weekly, text="")
    assert (
        "**shop_weekly**\n"
        "- ~ wait_for__hard_dependencies.x: waits for shop_daily marts.x → shop_hourly core.x\n"
    ) in report()

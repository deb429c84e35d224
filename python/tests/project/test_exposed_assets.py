"""Which assets are exposed, in which pipelines, with which SLO."""

import pytest

from build import World, node, source

DAILY, BOTH = ["daily"], ["hourly", "daily"]


def exposed(tmp_path, *items, text: str) -> dict[str, dict[str, int | None]]:
    world = World(tmp_path)
    world.team("shop", *items, text=text)
    return {
        asset: {name: each.slo_seconds for name, each in made.pipelines.items() if each.exposed}
        for asset, made in world.look().entry.produced.items()
        if made.exposed
    }


def reported(tmp_path, *items, text: str) -> list[str]:
    world = World(tmp_path)
    world.team("shop", *items, text=text)
    return [line.removeprefix("shop/scheduler.yaml:") for line in world.findings()]


def test_the_whole_name_must_match_and_the_first_entry_wins(tmp_path):
    items = [node(name, pipelines=DAILY) for name in ("dim_a", "dim_b", "old_dim_a")]
    text = (
        "exposed_assets:\n"
        "  - {regex: dim_a, slo: {daily: {hours: 1}}}\n"
        "  - {regex: 'dim_.*', slo: {daily: {hours: 6, minutes: 30}}}\n"
    )
    assert exposed(tmp_path, *items, text=text) == {"dim_a": {"daily": 3600}, "dim_b": {"daily": 23400}}
    assert reported(tmp_path, *items, text=text) == []


def test_without_slo_in_all_pipelines_without_a_deadline(tmp_path):
    items = (source("raw.events"), node("a", "raw.events", pipelines=BOTH))
    text = (
        "exposed_assets: [{regex: '.*'}]\n"
        "tasks: [{kind: universal, name: load, command: x, pipelines: [daily], assets: [events]}]"
    )
    assert exposed(tmp_path, *items, text=text) == {
        "a": {"daily": None, "hourly": None},
        "events": {"daily": None},
    }


def test_slo_exposes_in_the_pipelines_that_it_names(tmp_path):
    text = "exposed_assets: [{regex: a, slo: {daily: {hours: 1}}}]"
    assert exposed(tmp_path, node("a", pipelines=BOTH), text=text) == {"a": {"daily": 3600}}


def test_sch203(tmp_path):
    text = "exposed_assets: [{regex: a, slo: {dayly: {hours: 1}, daily: {hours: 1}}}]"
    assert reported(tmp_path, node("a", pipelines=DAILY), text=text) == [
        '3: SCH203 exposed_assets "a": unknown pipeline "dayly" | did you mean "daily"?'
    ]
    assert exposed(tmp_path, node("a", pipelines=DAILY), text=text) == {"a": {"daily": 3600}}


@pytest.mark.parametrize("regex", ["im_.*", "DIM_A", "e1"])
def test_sch211(tmp_path, regex):
    items = (node("dim_a", pipelines=DAILY), node("e1", materialized="ephemeral"))
    assert reported(tmp_path, *items, text=f"exposed_assets: [{{regex: {regex}}}]") == [
        f'3: SCH211 regex "{regex}" does not match any asset of this team'
        " | the regex must match the full name; the first entry that matches an asset applies"
    ]


def test_sch211_behind_an_entry_that_takes_all(tmp_path):
    text = "exposed_assets:\n  - {regex: '.*'}\n  - {regex: dim_a}\n"
    assert [line[:9] for line in reported(tmp_path, node("dim_a", pipelines=DAILY), text=text)] == [
        "5: SCH211"
    ]


def test_sch212(tmp_path):
    text = "exposed_assets: [{regex: a, slo: {hourly: {minutes: 5}}}]"
    assert reported(tmp_path, node("a", pipelines=DAILY), text=text) == [
        '3: SCH212 the SLO is set for pipeline "hourly", but it does not build "a" | it is built in: daily'
    ]


def test_one_entry_has_slos_for_assets_of_several_pipelines(tmp_path):
    text = "exposed_assets: [{regex: '.*', slo: {daily: {hours: 6}, hourly: {minutes: 40}}}]"
    items = (node("d", pipelines=DAILY), node("h", pipelines=["hourly"]), node("both", pipelines=BOTH))
    assert [line for line in reported(tmp_path, *items, text=text) if "SCH109" not in line] == []
    assert exposed(tmp_path, *items, text=text) == {
        "d": {"daily": 21600},
        "h": {"hourly": 2400},
        "both": {"daily": 21600, "hourly": 2400},
    }


def test_an_asset_that_no_pipeline_in_slo_builds_is_not_exposed(tmp_path):
    text = "exposed_assets: [{regex: '.*', slo: {daily: {hours: 6}}}]"
    items = (node("d", pipelines=DAILY), node("h", pipelines=["hourly"]))
    assert reported(tmp_path, *items, text=text) == []
    assert exposed(tmp_path, *items, text=text) == {"d": {"daily": 21600}}


def test_sch212_once_for_all_assets_of_an_entry(tmp_path):
    text = (
        "exposed_assets: [{regex: '.*', slo: {hourly: {minutes: 5}, weekly: {hours: 1}, daily: {hours: 6}}}]"
    )
    items = [node(name, pipelines=DAILY) for name in "abc"]
    they = "they are built in: daily"
    assert reported(tmp_path, *items, text=text) == [
        f'3: SCH212 the SLO is set for pipeline "hourly", but it builds none of "a" and 2 others | {they}',
        f'3: SCH212 the SLO is set for pipeline "weekly", but it builds none of "a" and 2 others | {they}',
    ]


def test_sch305_once_for_all_assets_of_an_entry(tmp_path):
    items = [node(name) for name in "abc"]
    assert reported(tmp_path, *items, text="exposed_assets: [{regex: '.*'}]") == [
        '3: SCH305 "a" and 2 others are exposed, but no pipeline runs them | add pipelines to them, or make the regex more specific'
    ]


def test_sch305_of_an_asset_that_is_ignored_leaves_the_others(tmp_path):
    world = World(tmp_path)
    text = "exposed_assets: [{regex: '.*'}]\nignore: [{code: SCH305, on: a, because: it is made by hand}]\n"
    world.team("shop", *(node(name) for name in "abc"), text=text)
    assert world.findings() == [
        'shop/scheduler.yaml:3: SCH305 "b" and 1 other are exposed, but no pipeline runs them'
        " | add pipelines to them, or make the regex more specific"
    ]


def test_sch305(tmp_path):
    text = "exposed_assets: [{regex: 'dim_.*'}]"
    items = (node("dim_old"), node("dim_new", pipelines=DAILY))
    assert reported(tmp_path, *items, text=text) == [
        '3: SCH305 "dim_old" is exposed, but no pipeline runs it | add pipelines to it, or make the regex more specific'
    ]


def test_an_asset_of_a_misspelt_pipeline_only_has_one_finding(tmp_path):
    world = World(tmp_path)
    items = (node("dim_a", pipelines=["dayly"]), node("dim_b"))
    world.team("shop", *items, text="exposed_assets: [{regex: 'dim_.*'}]")
    found = world.findings()
    assert [line.split()[1] for line in found] == ["SCH102", "SCH305"]
    assert '"dim_b" is exposed' in found[1]


def test_a_regex_that_backtracks_for_ever_elsewhere_is_matched_in_linear_time(tmp_path):
    items = (node("a" * 200, pipelines=["daily"]),)
    text = "exposed_assets: [{regex: '([a-z_]+)+[0-9]'}]"
    [found] = reported(tmp_path, *items, text=text)
    assert found.startswith('3: SCH211 regex "([a-z_]+)+[0-9]" does not match any asset of this team')

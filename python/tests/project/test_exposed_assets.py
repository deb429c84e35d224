"""Which assets are exposed, in which pipelines, with which promise."""

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


def told(tmp_path, *items, text: str) -> list[str]:
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
    assert told(tmp_path, *items, text=text) == []


def test_without_slo_in_all_pipelines_with_no_promise(tmp_path):
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
    assert told(tmp_path, node("a", pipelines=DAILY), text=text) == [
        '3: SCH203 exposed_assets "a": unknown pipeline "dayly" | did you mean "daily"?'
    ]
    assert exposed(tmp_path, node("a", pipelines=DAILY), text=text) == {"a": {"daily": 3600}}


@pytest.mark.parametrize("regex", ["im_.*", "DIM_A", "e1"])
def test_sch211(tmp_path, regex):
    items = (node("dim_a", pipelines=DAILY), node("e1", materialized="ephemeral"))
    assert told(tmp_path, *items, text=f"exposed_assets: [{{regex: {regex}}}]") == [
        f'3: SCH211 regex "{regex}" matches no asset of this team'
        " | it must match the whole name, and an earlier entry that matches wins"
    ]


def test_sch211_behind_an_entry_that_takes_all(tmp_path):
    text = "exposed_assets:\n  - {regex: '.*'}\n  - {regex: dim_a}\n"
    assert [line[:9] for line in told(tmp_path, node("dim_a", pipelines=DAILY), text=text)] == ["5: SCH211"]


def test_sch212(tmp_path):
    text = "exposed_assets: [{regex: a, slo: {hourly: {minutes: 5}}}]"
    assert told(tmp_path, node("a", pipelines=DAILY), text=text) == [
        '3: SCH212 slo for pipeline "hourly", but "a" is not made in it | it is made in: daily'
    ]


def test_sch305(tmp_path):
    text = "exposed_assets: [{regex: 'dim_.*'}]"
    items = (node("dim_old"), node("dim_new", pipelines=DAILY))
    assert told(tmp_path, *items, text=text) == [
        '3: SCH305 "dim_old" is exposed, but no pipeline runs it | give it pipelines, or narrow the regex'
    ]


def test_a_regex_that_backtracks_for_ever_elsewhere_is_matched_in_linear_time(tmp_path):
    items = (node("a" * 200, pipelines=["daily"]),)
    text = "exposed_assets: [{regex: '([a-z_]+)+[0-9]'}]"
    [found] = told(tmp_path, *items, text=text)
    assert found.startswith('3: SCH211 regex "([a-z_]+)+[0-9]" matches no asset of this team')

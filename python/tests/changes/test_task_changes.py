"""The report on a task whose dbt tests changed."""

import pytest

from build import World, data_test, node, tasks
from dbt_scheduler.changes.details import task_changes


def compiled(tmp_path, name, tests, task_id="marts.a", **words):
    root = tmp_path / name
    root.mkdir()
    world = World(root)
    text = f"dbt_settings: {{tests: {words.pop('where', 'build')}}}\n"
    world.team(
        "shop", node("a", pipelines=["daily"], **words), *(data_test(t, "a") for t in tests), text=text
    )
    return tasks(world.spec("shop_daily"))[task_id]


@pytest.mark.parametrize(("where", "task_id"), [("build", "marts.a"), ("after", "dbt_tests.a")])
def test_a_dbt_test_that_is_new_or_gone_is_reported_as_such(tmp_path, where, task_id):
    was = compiled(tmp_path, "was", ["unique_a", "old_a"], task_id, where=where)
    now = compiled(tmp_path, "now", ["unique_a", "new_a", "newer_a"], task_id, where=where)
    assert [*task_changes(was, now)] == ["now also tested by new_a, newer_a", "no longer tested by old_a"]


def test_the_first_test_of_a_node(tmp_path):
    was, now = compiled(tmp_path, "was", []), compiled(tmp_path, "now", ["unique_a"])
    assert [*task_changes(was, now)] == ["now also tested by unique_a"]
    assert [*task_changes(now, was)] == ["no longer tested by unique_a"]


def test_what_else_changes_in_a_command_is_no_test(tmp_path):
    was = compiled(tmp_path, "was", ["unique_a"])
    now = compiled(tmp_path, "now", [], fqn=["shop", "elsewhere", "a"])
    assert [*task_changes(was, now)] == ["changed: command"]


def test_what_the_command_of_another_kind_selects_is_no_test(tmp_path):
    was, now = (
        command_of(tmp_path, name, command)
        for name, command in (("was", "x --select a"), ("now", "x --select a b"))
    )
    assert [*task_changes(was, now)] == ["changed: command"]


def command_of(tmp_path, name, command):
    root = tmp_path / name
    root.mkdir()
    world = World(root)
    world.team(
        "shop", text=f"tasks: [{{kind: universal, name: load, command: {command}, pipelines: [daily]}}]"
    )
    return tasks(world.spec("shop_daily"))["load"]

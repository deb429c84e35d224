"""Queue, pool, priority and resources of single tasks, and increasing retry delays: from the files to the spec."""

from pathlib import Path

import msgspec
import pytest

from build import PLATFORM, World, data_test, node, tasks
from dbt_scheduler.changes.details import task_changes
from dbt_scheduler.files import encode_json
from dbt_scheduler.spec import Task

BUSY = """\
defaults: {max_retry_delay: {hours: 1}}
dbt: {queue: dbt, pool: warehouse, priority: 2}
kinds: {universal: {queue: scripts, priority: 0}}
pools: {warehouse: 8, single: 1}
"""
DAILY = ["daily"]


def compiled(root: Path, platform: str, *items, text: str = "") -> dict[str, Task]:
    """The tasks of a team's daily DAG."""
    world = World(root, PLATFORM + platform)
    world.team("shop", *items, text=text)
    return tasks(world.spec("shop_daily"))


def turn(task: Task) -> tuple[object, ...]:
    return task.queue, task.pool, task.priority


def test_a_nodes_own_queue_pool_and_priority_lie_over_the_platforms(tmp_path):
    own = {"queue": "heavy", "pool": "single", "priority": -3}
    made = compiled(
        tmp_path,
        BUSY,
        node("a", pipelines=DAILY, **own),
        node("b", "a", pipelines=DAILY),
        node(
            "c",
            "a",
            pipelines=DAILY,
            meta={"scheduler_defaults": own, "scheduler": {"pipelines": DAILY, "priority": 0}},
        ),
        data_test("rows", "a"),
        text="dbt_settings: {on_run_start: [stage], tests: after}\n",
    )
    assert {name: turn(task) for name, task in made.items()} == {
        "marts.a": ("heavy", "single", -3),
        "marts.b": ("dbt", "warehouse", 2),
        "marts.c": ("heavy", "single", 0),
        "dbt_tests.a": ("dbt", "warehouse", 2),
        "on_run_start.stage": ("dbt", "warehouse", 2),
    }


def test_a_declared_tasks_own_lie_over_those_of_its_kind(tmp_path):
    task = "{kind: universal, name: %s, command: x, pipelines: [daily]%s}"
    own = task % ("own", ", queue: heavy, pool: warehouse, priority: 7")
    made = compiled(tmp_path, BUSY, text=f"tasks: [{own}, {task % ('plain', '')}]\n")
    assert turn(made["own"]) == ("heavy", "warehouse", 7)
    assert turn(made["plain"]) == ("scripts", "dbt_scheduler", 0)


def test_a_spec_that_uses_none_of_it_is_as_before(tmp_path):
    made = compiled(tmp_path, "", node("a", pipelines=DAILY))
    written = msgspec.json.decode(encode_json(made["marts.a"]))
    assert not {"queue", "priority", "max_retry_delay_seconds"} & set(written)


def test_the_longest_time_between_two_tries_is_in_the_spec(tmp_path):
    made = compiled(tmp_path, BUSY, node("a", pipelines=DAILY))
    assert made["marts.a"].max_retry_delay_seconds == 3600


@pytest.mark.parametrize(
    ("settings", "own", "cpus"), [("", {}, 1), ("cpus: 2", {}, 2), ("cpus: 2", {"cpus": 4}, 4)]
)
def test_a_nodes_own_cpus_lie_over_the_teams_and_those_over_the_platforms(tmp_path, settings, own, cpus):
    platform = "dbt: {where: docker, image: i, cpus: 1, memory: 1g}\n"
    made = compiled(
        tmp_path, platform, node("a", pipelines=DAILY, **own), text=f"dbt_settings: {{{settings}}}\n"
    )
    arguments = made["marts.a"].arguments
    assert (arguments["cpus"], arguments["mem_limit"]) == (cpus, "1g")


def test_a_report_shows_its_changes(tmp_path):
    (tmp_path / "was").mkdir()
    (tmp_path / "now").mkdir()
    was = compiled(tmp_path / "was", "", node("a", pipelines=DAILY))["marts.a"]
    own = {"queue": "heavy", "pool": "warehouse", "priority": 10}
    now = compiled(tmp_path / "now", BUSY, node("a", pipelines=DAILY, **own))["marts.a"]
    assert [*task_changes(was, now)] == [
        "maximum retry delay none → 1h",
        "pool dbt_scheduler → warehouse",
        "queue default → heavy",
        "priority default → 10",
    ]
    assert [*task_changes(now, was)] == [
        "maximum retry delay 1h → none",
        "pool warehouse → dbt_scheduler",
        "queue heavy → default",
        "priority 10 → default",
    ]

"""dbt's own on-run-start and on-run-end hooks: the tasks that run them, and the findings about them."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from build import PLATFORM, Item, World, edges, node, tasks
from dbt_scheduler.cli import main
from dbt_scheduler.spec import Task

DAILY = ["daily"]
PROJECT = """\
name: shop
on-run-start: "create table audit"
on-run-end:
  - "{{ report(results) }}"
  - "grant select
     on all"
"""
MENTION = (
    'shop/dbt_project.yml:2: SCH216 these hooks run once per DAG run instead of in every dbt task: on-run-start "create table '
    'audit", on-run-end "{{ report(results) }}", on-run-end "grant select on all" | set dbt_settings.project_hooks in scheduler.yaml: once to confirm this; every_task if models need what a hook does in its own session, such as SET or ATTACH; never to skip the hooks'
)


def hook(kind: str, index: int = 0, package: str = "shop") -> Item:
    return node(
        f"{package}-on-run-{kind}-{index}", kind="operation", package=package, folder="", file="none.sql"
    )


OWN = (hook("end", 1), hook("start"), hook("end"))


def world(root: Path, *items: Item, text: str = "", dbt: str = "") -> World:
    made = World(root, PLATFORM + dbt)
    made.team("shop", *items, text=text)
    (root / "shop" / "dbt_project.yml").write_text(PROJECT)
    return made


def hooks_of(task: Task) -> object:
    return task.arguments.get("project_hooks")


def test_dbt_hooks_run_once_per_run_as_its_first_and_last_task(tmp_path: Path) -> None:
    text = "dbt_settings: {on_run_start: [stage], on_run_end: [send]}\n"
    spec = world(tmp_path, node("a", pipelines=DAILY), node("b", "a", pipelines=DAILY), *OWN, text=text).spec(
        "shop_daily"
    )
    assert edges(spec) == {
        "on_run_start.stage": (),
        "on_run_start.project-hooks": ("on_run_start.stage",),
        "marts.a": ("on_run_start.project-hooks",),
        "marts.b": ("marts.a",),
        "on_run_end.project-hooks": ("marts.b",),
        "on_run_end.send": ("on_run_end.project-hooks",),
    }
    found = tasks(spec)
    assert {name: hooks_of(task) for name, task in found.items()} == {
        "on_run_start.stage": None,
        "on_run_start.project-hooks": "on-run-start",
        "marts.a": "none",
        "marts.b": "none",
        "on_run_end.project-hooks": "on-run-end",
        "on_run_end.send": None,
    }
    end = found["on_run_end.project-hooks"]
    assert (end.teardown, end.arguments["results_of"]) == (True, ["marts.a", "marts.b"])
    assert found["marts.a"].arguments["keep_results"] is True
    assert end.arguments["command"] == [
        *("dbt", "build", "--select", "*", "--exclude", "*"),
        *("--no-write-json", "--cache-selected-only", "--no-use-colors"),
    ]


def test_nothing_keeps_results_where_no_hook_at_the_end_asks_for_them(tmp_path: Path) -> None:
    spec = world(tmp_path, node("a", pipelines=DAILY), hook("start")).spec("shop_daily")
    assert sorted(tasks(spec)) == ["marts.a", "on_run_start.project-hooks"]
    assert "keep_results" not in tasks(spec)["marts.a"].arguments


@pytest.mark.parametrize(
    ("text", "dbt", "ids", "seen"),
    [
        ("dbt_settings: {project_hooks: every_task}\n", "", ["marts.a"], None),
        ("dbt_settings: {project_hooks: never}\n", "", ["marts.a"], "none"),
        ("", "dbt: {project_hooks: never}\n", ["marts.a"], "none"),
        ("", "dbt: {project_hooks: every_task}\n", ["marts.a"], None),
        (
            "dbt_settings: {project_hooks: once}\n",
            "dbt: {project_hooks: never}\n",
            ["marts.a", "on_run_end.project-hooks", "on_run_start.project-hooks"],
            "none",
        ),
    ],
)
def test_a_team_or_the_platform_decides_when_dbt_hooks_run(
    tmp_path: Path, text: str, dbt: str, ids: list[str], seen: str | None
) -> None:
    made = world(tmp_path, node("a", pipelines=DAILY), *OWN, text=text, dbt=dbt)
    found = tasks(made.spec("shop_daily"))
    assert (sorted(found), hooks_of(found["marts.a"])) == (ids, seen)
    assert made.findings() == []


def test_hooks_of_packages_run_in_every_task_and_are_mentioned(tmp_path: Path) -> None:
    packages = [
        hook(kind, package=package)
        for package in ("elementary", "dbt_scheduler")
        for kind in ("start", "end")
    ]
    made = world(tmp_path, node("a", pipelines=DAILY), *packages)
    assert {name: hooks_of(task) for name, task in tasks(made.spec("shop_daily")).items()} == {
        "marts.a": None
    }
    assert made.findings() == [
        'shop/dbt_project.yml: SCH217 the on-run-start and on-run-end hooks of package "elementary" run in every dbt '
        "task | if this is too expensive, disable them with the package's own vars"
    ]


def test_hooks_that_run_once_are_named_until_the_team_decides(tmp_path: Path) -> None:
    made = world(tmp_path, node("a", pipelines=DAILY), *OWN)
    assert made.findings() == [MENTION]


def test_a_dag_without_dbt_runs_no_dbt_hooks(tmp_path: Path) -> None:
    text = "tasks: [{kind: universal, name: load, pipelines: [daily], command: 'true'}]\n"
    made = world(tmp_path, node("a"), *OWN, text=text)
    assert edges(made.spec("shop_daily")) == {"load": ()}
    assert made.findings("SCH216") == []


def test_adopt_names_the_hooks_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = world(tmp_path, node("a"), *OWN)
    made.team("other", node("b"))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["adopt", "shop", "other", "--out", "out"])
    assert done.exit_code == 0, done.output
    assert MENTION.partition(" | ")[0].replace("SCH216", "SCH216 (note)") in done.stderr

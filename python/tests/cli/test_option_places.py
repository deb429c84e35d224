"""Options are accepted before and after a command's name."""

from pathlib import Path

import click
import pytest

from build import World, node
from command import run
from dbt_scheduler.cli import main

LIST = "ASSET  TEAM  READY                CONSUMERS\ndim_a  shop  daily, by 06:10 UTC\n"
EXPOSED = "exposed_assets: [{regex: 'dim_.*', slo: {daily: {hours: 6}}}]\n"


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A team whose pipeline is only in the platform.yaml of another folder, and a registry."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DBT_SCHEDULER_PLATFORM", raising=False)
    world = World(tmp_path)
    world.team("shop", node("dim_a", pipelines=["daily"]), text=EXPOSED)
    run("compile", "shop", "--out", "out")
    (tmp_path / "broken.yaml").write_text("version: 1\npipelines: {}\n")
    return world


@pytest.mark.parametrize(
    "words",
    [
        "registry list --registry out/registry",
        "registry --registry out/registry list",
        "registry --registry=out/registry list",
        "--registry out/registry registry list",
        "--registry out/registry --format text registry list",
        "--format json registry --registry out/registry list --format text",
    ],
)
def test_registry_is_named_anywhere(words: str) -> None:
    assert run(*words.split()).stdout == LIST


@pytest.mark.parametrize(
    "words",
    [
        "--format json check shop",
        "--strict --format json check shop",
        "--manifest shop/target/manifest.json --format json check shop",
        "--registry out/registry --format json check shop",
        "check --format json shop",
        "check shop --format json",
    ],
)
def test_options_of_check_stand_anywhere(words: str) -> None:
    assert run(*words.split()).stdout == "[]\n"


def test_platform_before_the_command_is_read() -> None:
    assert "broken.yaml" in run("--platform", "broken.yaml", "check", "shop", code=2).stderr


@pytest.mark.parametrize(
    "words",
    [
        "--registry nowhere registry --registry out/registry list",
        "--registry nowhere registry list --registry out/registry",
        "registry --registry nowhere list --registry out/registry",
        "registry --registry nowhere --registry out/registry list",
    ],
)
def test_the_option_closer_to_the_command_counts(words: str) -> None:
    assert run(*words.split()).stdout == LIST


@pytest.mark.parametrize("words", ["--format yaml registry list", "registry --format yaml list"])
def test_value_that_is_not_allowed_is_refused_in_each_place(words: str) -> None:
    assert "'yaml' is not one of 'text', 'json'" in run(*words.split(), code=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--manifest m.json registry list", "No such option"),  # an option, but not of this command
        ("--manifest m.json resume", "No such option"),  # it reads no manifest
        ("--strict publish out", "No such option"),
        ("--no-such-thing check", "No such option"),
        ("registry --no-such-thing list", "No such option"),
        ("--registry", "Missing command"),
        ("--registry out/registry", "Missing command"),
        ("registry --registry out/registry", "Missing command"),
        ("--registry out/registry nothing", "No such command"),
    ],
)
def test_what_no_command_takes_is_refused(words: str, said: str) -> None:
    assert said in run(*words.split(), code=2).stderr


def test_help_and_version_are_the_commands_own() -> None:
    assert run("--registry", "out/registry", "--version").stdout.startswith("dbt-scheduler, version")
    assert "Show and export the asset registry" in run("registry", "--registry", "x", "--help").stdout


def test_an_option_never_takes_a_value_in_one_command_and_none_in_another() -> None:
    """Otherwise the position of the command's name would be ambiguous."""
    takes: dict[str, set[bool]] = {}
    for option in _options(main, click.Context(main)):
        for name in option.opts:
            takes.setdefault(name, set()).add(option.is_flag)
    assert len(takes) > 10
    assert {name for name, kinds in takes.items() if len(kinds) > 1} == set()


def _options(group: click.Group, ctx: click.Context) -> list[click.Option]:
    found: list[click.Option] = []
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if isinstance(command, click.Group):
            found += _options(command, ctx)
        else:
            assert command is not None
            found += [each for each in command.params if isinstance(each, click.Option)]
    return found

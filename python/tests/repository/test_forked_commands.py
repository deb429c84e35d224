"""A forked command does the same as the command itself, which is started here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from build import World, node
from goldens import COMMANDS


def outcome(command: Path, *arguments: str, cwd: Path, **more: object) -> tuple[int, str, str]:
    """The exit code and the output on stdout and stderr, without times."""
    done = subprocess.run([command, *arguments], cwd=cwd, capture_output=True, text=True, check=False, **more)
    return done.returncode, *(re.sub(r"\d\d:\d\d:\d\d", "", text) for text in (done.stdout, done.stderr))


def started(name: str) -> Path:
    return Path(sys.executable).with_name(name)


@pytest.mark.parametrize("arguments", [("--version",), ("chek",), ("check", "shop"), ("check", "nowhere")])
def test_dbt_scheduler(arguments, tmp_path):
    World(tmp_path).team("shop", node("a", pipelines=["dayly"]))
    expected = outcome(started("dbt-scheduler"), *arguments, cwd=tmp_path)
    assert any(expected)
    assert outcome(COMMANDS / "dbt-scheduler", *arguments, cwd=tmp_path) == expected


def test_dbt(macro_project):
    arguments = ("ls", "--select", "nothing", "one")
    outcome(COMMANDS / "dbt", *arguments, cwd=macro_project)  # the first one prints that it parses everything
    expected = outcome(started("dbt"), *arguments, cwd=macro_project)
    assert "playground.one" in expected[1]
    assert outcome(COMMANDS / "dbt", *arguments, cwd=macro_project) == expected


def test_what_changes_how_python_starts_is_started(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("print('started')")
    env = {"PYTHONPATH": str(tmp_path)}
    _, printed, _ = outcome(COMMANDS / "dbt-scheduler", "--version", cwd=tmp_path, env=env)
    assert printed.startswith("started\ndbt-scheduler, version ")


def test_modules_on_the_path_of_a_call_are_found(macro_project, tmp_path):
    """Like dbt's plug-ins."""
    (tmp_path / "dbt_found.py").write_text("print('found')")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for _ in range(2):
        assert outcome(COMMANDS / "dbt", "parse", cwd=macro_project, env=env)[1].count("found\n") == 1
    assert "found" not in outcome(COMMANDS / "dbt", "parse", cwd=macro_project)[1]

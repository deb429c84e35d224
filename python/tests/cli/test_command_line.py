"""Invalid paths, times and URLs on the command line, and a bug in the program."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dbt_scheduler.cli import main, waits

LONG = "a" * 300


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")


@pytest.mark.parametrize("path", ["loop", LONG, "loop/below"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "PATH"),
        ("check", ".", "--manifest", "PATH"),
        ("check", ".", "--platform", "PATH"),
        ("compile", ".", "--out", "PATH"),
        ("report", "PATH", "."),
        ("report", ".", "PATH"),
        ("publish", "PATH"),
        ("adopt", "PATH", "--out", "out"),
        ("adopt", ".", "--out", "PATH"),
        ("waits", "a_daily", "--out", "PATH"),
        ("registry", "export", "--dbt-package", "PATH"),
        ("registry", "list", "--registry", "PATH"),
        ("check", ".", "--registry", "PATH"),
    ],
)
def test_a_path_that_cannot_be_is_refused_in_words(arguments, path):
    result = CliRunner().invoke(main, [path if each == "PATH" else each for each in arguments])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("start", ["0001-01-01", "9999-12-31", "soon"])
def test_a_time_that_schedules_cannot_be_worked_out_around_is_refused(start):
    result = CliRunner().invoke(main, ["waits", "a_daily", "--from", start])
    assert result.exit_code == 2
    assert "Invalid value for '--from'" in result.output


@pytest.mark.parametrize("url", ["http://[::1", "ftp://x", "x"])
@pytest.mark.parametrize("command", [["explain", "a_daily", "b"], ["resume", "--registry", "file:registry"]])
def test_an_address_of_airflow_that_cannot_be_is_refused(command, url):
    result = CliRunner().invoke(main, [*command, "--airflow", url])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_a_bug_has_an_exit_code_that_no_finding_has(monkeypatch):
    monkeypatch.setattr(waits, "DeployedDags", lambda *_: 1 / 0)
    result = CliRunner().invoke(main, ["waits", "a_daily"])
    assert result.exit_code == 70
    assert "ZeroDivisionError" in result.output
    assert "This is a bug in dbt-scheduler" in result.output


@pytest.mark.parametrize("arguments", [["--version"], ["registry", "list", "--registry", "file:registry"]])
def test_a_full_disk_is_no_bug(arguments):
    Path("registry").mkdir()
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "dbt_scheduler", *arguments]
        ended = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == "the output cannot be written: no space left on device"

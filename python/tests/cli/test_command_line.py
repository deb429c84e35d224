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


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["chek"], "No such command 'chek'. Did you mean 'check'?"),
        (["registry", "consumer", "fct"], "No such command 'consumer'. Did you mean 'consumers'?"),
        (["zzzz"], "No such command 'zzzz'."),
    ],
)
def test_an_unknown_command_is_refused_with_the_one_most_like_it(typed, said):
    result = CliRunner().invoke(main, typed)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, f"Error: {said}")


@pytest.mark.parametrize(
    ("file", "project"),
    [
        ("shop/scheduler.yaml", "shop"),
        ("shop/dbt_project.yml", "shop"),
        ("shop/target/manifest.json", "shop"),
        ("scheduler.yaml", "."),
    ],
)
@pytest.mark.parametrize("command", [["check"], ["compile", "--out", "out"]])
def test_a_file_of_a_dbt_project_is_not_taken_for_external_assets(command, file, project):
    result = CliRunner().invoke(main, [*command, file])
    assert (result.exit_code, result.stderr) == (
        2,
        f"{file} is a file of a dbt project\n  hint: specify the project's folder instead: {project}\n",
    )


def test_a_folder_without_a_project_leads_to_those_below_it_and_one_that_is_not_there_is_said_to_be_none():
    Path("teams/shop").mkdir(parents=True)
    Path("teams/shop/dbt_project.yml").touch()
    said = [CliRunner().invoke(main, ["check", folder]).stderr for folder in ("teams", "team")]
    assert said[0].startswith("teams: SCH408 not a dbt project: ")
    assert "hint: specify the folder that contains dbt_project.yml, for example teams/shop\n" in said[0]
    assert "  hint: this folder does not exist: check the path\n" in said[1]

"""What runs in a fork of a task: in its own folder and environment, with its output read line by line."""

import os
import sys
import time
from pathlib import Path

import pytest

from dbt_scheduler.airflow.forked import ForkedProcess
from dbt_scheduler.airflow.operators import _stop


def rest_of(process: ForkedProcess) -> str:
    """What it still writes, to its end."""
    assert process.stdout
    with process.stdout as output:
        return output.read().decode()


def test_a_fork_has_a_folder_and_an_environment_of_its_own(tmp_path: Path) -> None:
    def work() -> int:
        sys.stdout.write(f"{Path.cwd()} {dict(os.environ)} {sys.stdin.read()}\n")
        os.write(2, b"and from below Python\n")
        os.environ["LEFT"] = "behind"
        return 3

    process = ForkedProcess(work, tmp_path, {"A": "1"})
    assert rest_of(process) == f"{tmp_path} {{'A': '1'}} \nand from below Python\n"
    assert process.wait() == process.poll() == 3
    assert "LEFT" not in os.environ


def test_an_error_in_a_fork_is_shown_and_does_not_reach_its_parent(tmp_path: Path) -> None:
    process = ForkedProcess(lambda: 1 // 0, tmp_path, {})
    assert "ZeroDivisionError" in rest_of(process)
    assert process.wait() == 1


def test_a_fork_is_interrupted_before_it_is_killed(tmp_path: Path) -> None:
    def work() -> int:
        try:
            sys.stdout.write("started\n")
            time.sleep(60)
        except KeyboardInterrupt:
            sys.stdout.write("cancelled\n")
        return 5

    process = ForkedProcess(work, tmp_path, {})
    assert process.stdout
    assert process.stdout.readline() == b"started\n"
    assert process.poll() is None
    _stop(process)
    assert rest_of(process) == "cancelled\n"
    assert process.wait() == 5


def test_a_fork_that_crashes_ends_with_its_signal(tmp_path: Path) -> None:
    process = ForkedProcess(lambda: os.kill(os.getpid(), 9) or 0, tmp_path, {})
    assert rest_of(process) == ""
    assert process.wait() == -9


def test_there_is_no_fork_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ForkedProcess(lambda: 0, tmp_path / "nowhere", {})

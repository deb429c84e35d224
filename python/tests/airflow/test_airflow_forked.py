"""Code in a fork of a task: in its own folder and environment, with its output read line by line."""

import _multiprocessing
import fcntl
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

from dbt_scheduler.airflow.forked import ForkedProcess
from dbt_scheduler.airflow.operators import _stop


def rest_of(process: ForkedProcess) -> str:
    """The rest of its output."""
    assert process.stdout
    with process.stdout as output:
        return output.read().decode()


def test_a_fork_has_its_own_folder_and_environment(tmp_path: Path) -> None:
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


AS_AIRFLOW = """
import io, os, sys
from pathlib import Path
from dbt_scheduler.airflow.forked import ForkedProcess

for number, name in enumerate(("stdin", "stdout", "stderr")):  # as the supervisor of a task does
    setattr(sys, name, io.TextIOWrapper(os.fdopen(number, "wb"), line_buffering=True))

def work():
    with open("warehouse", "w") as file:
        print("a log line")
        os.write(2, b"another\\n")
        file.write("a row")
    return 0

process = ForkedProcess(work, Path(sys.argv[1]), {})
print(process.stdout.read().decode(), process.wait())
"""


def test_what_a_fork_prints_is_not_written_into_the_files_that_it_opens(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_AIRFLOW, str(tmp_path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("a log line\nanother\n 0\n", "")
    assert (tmp_path / "warehouse").read_text() == "a row"


def test_a_fork_cannot_write_into_what_its_parent_has_open(tmp_path: Path) -> None:
    ours, supervisor = socket.socketpair()

    def work() -> int:
        number = ours.fileno()
        os.write(number, b"by accident")
        with (tmp_path / "warehouse").open("w") as file:
            ours.close()
            file.write("a row")
        return number

    with ours, supervisor:
        process = ForkedProcess(work, tmp_path, {})
        assert rest_of(process) == ""
        assert process.wait() == ours.fileno()
        ours.sendall(b"on purpose")
        assert supervisor.recv(100) == b"on purpose"
    assert (tmp_path / "warehouse").read_text() == "a row"


def test_a_fork_leaves_no_lock_behind(tmp_path: Path) -> None:
    made, kept = tmp_path / "name", []

    def work() -> int:
        lock = multiprocessing.get_context("spawn").RLock()
        kept.append(lock)
        made.write_text(lock._semlock.name)
        return 0

    resource_tracker.ensure_running()  # of the parent, which would remove it when the parent ends
    process = ForkedProcess(work, tmp_path, {})
    assert rest_of(process) == ""
    assert process.wait() == 0
    with pytest.raises(FileNotFoundError):
        _multiprocessing.sem_unlink(made.read_text())


KILLED = """
import fcntl, os, sys, time
from pathlib import Path
from dbt_scheduler.airflow.forked import ForkedProcess

def work():
    with open("state", "a") as state:
        fcntl.flock(state, fcntl.LOCK_EX)
        try:
            print("started")
            time.sleep(60)
        except KeyboardInterrupt:
            state.write("interrupted")
    return 0

process = ForkedProcess(work, Path(sys.argv[1]), {})
print(process.stdout.readline().decode(), flush=True)
process.wait()
"""


def test_a_fork_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "started\n"
        parent.kill()
    with (tmp_path / "state").open() as state:
        fcntl.flock(state, fcntl.LOCK_EX)  # until the fork has ended
        assert state.read() == "interrupted"

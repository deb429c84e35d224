"""The trigger in Airflow's real triggerer, in which a trigger can make fewer requests than a worker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builders import a_spec, a_task, a_wait
from harness import Platform

WAIT = "wait_for__hard_dependencies.dim"


def test_deferred_sensors_are_resumed_by_the_triggerer(platform: Platform, tmp_path: Path) -> None:
    sensor = a_wait("dim", pipeline="hourly", poll_seconds=1)
    consumer = a_spec(a_task("marts.mine", upstream=(WAIT,)), sensors=(sensor,))
    platform.deploy(a_spec(a_task("marts.dim"), pipeline="hourly", team="shipping"), consumer)
    exact = platform.run("playground_daily", "2025-03-01T00:10")
    manual = platform.run("playground_daily", "2025-03-02T00:10")
    missing = platform.run("playground_daily", "2025-03-03T00:10")
    platform.schedule()
    assert {platform.state("playground_daily", WAIT, run) for run in (exact, manual, missing)} == {"deferred"}
    with triggerer(tmp_path / "log"):
        platform.run("shipping_hourly", "2025-03-01T23:05")
        platform.run("shipping_hourly", "2025-03-03T00:30", manual=True)
        platform.run("shipping_hourly", "2025-03-05T00:05")
        platform.schedule()
        deadline = time.monotonic() + 600
        while "deferred" in {
            platform.state("playground_daily", WAIT, run) for run in (exact, manual, missing)
        }:
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.5)
    platform.work()
    assert {platform.state("playground_daily", None, run) for run in (exact, manual, missing)} == {"success"}


@contextmanager
def triggerer(log: Path) -> Iterator[None]:
    """A real triggerer on the same database; stopped with all of its processes."""
    command = [sys.executable, "-W", "ignore", "-m", "airflow", "triggerer", "--skip-serve-logs"]
    with (
        log.open("w") as out,
        subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True) as process,
    ):
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)

"""Measures the CPU seconds and the peak memory of Python code in a separate process."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import NamedTuple

_TIMED = """\
import sys, time
{setup}
_start = time.process_time()
try:
    {code}
except SystemExit as _stop:
    if _stop.code: raise
finally:
    print("inside", time.process_time() - _start, file=sys.stderr)
"""


class Cost(NamedTuple):
    """CPU seconds of the whole process (``cpu``) and of the timed code (``inside``), and its peak memory in MB."""

    cpu: float
    inside: float
    megabytes: float


class Job(NamedTuple):
    """A statement to measure, the code that runs before it without being timed, and its ``sys.argv``."""

    setup: str
    code: str
    arguments: tuple[object, ...] = ()


def measure(jobs: Mapping[str, Job], rounds: int = 5) -> dict[str, Cost]:
    """The lowest figures of several runs of each job; the runs alternate, so that noise affects all jobs."""
    runs: dict[str, list[Cost]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            runs[name].append(_run(job))
    return {name: Cost(*map(min, zip(*costs, strict=True))) for name, costs in runs.items()}


def _run(job: Job) -> Cost:
    command = [sys.executable, "-c", _TIMED.format(setup=job.setup, code=job.code), *map(str, job.arguments)]
    # Without bytecode files, each process would compile every module again.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile("w+") as talk:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=talk)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        talk.seek(0)
        said = talk.read()
    if process.returncode:
        raise SystemExit(f"{job.code} failed:\n{said}")
    inside = float(said.rpartition("inside ")[2])
    return Cost(used.ru_utime + used.ru_stime, inside, used.ru_maxrss / 1024)

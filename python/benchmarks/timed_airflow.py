"""A real Airflow from any environment that runs a DAG once: measures CPU seconds, and how long tasks held their slots."""

import contextlib
import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import psutil

from live_airflow import DATABASE, date, demo_airflow
from run_platform import DAG, Way

_FINISHED = re.compile(
    r"^\S*?(\d{4}-\d\d-\d\dT[\d:.]+Z?).*Workload finished.*workload_id=\S*?([0-9a-f-]{36})"
)
_NOT_AS_SAID = (
    "plain command runs",
    "has not loaded dbt",
    "Not run from a slice",
    "Unable to do partial parsing",
)


class TimedAirflow(demo_airflow.Airflow):
    """The Airflow of an environment, with the DAG."""

    def __init__(self, folder: Path, way: Way, tools: Path) -> None:
        demo_airflow.specs = list  # no pools are needed
        demo_airflow.BIN = tools
        super().__init__(folder / "home", folder / "dags", scheduling=False)
        self._preload = way.preload
        self._environment |= way.settings | {
            "PATH": f"{tools}{os.pathsep}{self._environment['PATH']}",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": os.environ[DATABASE],
            "AIRFLOW__COSMOS__CACHE_DIR": str(folder / "cosmos"),
            "DO_NOT_TRACK": "1",
            "SCARF_NO_ANALYTICS": "true",
        }

    def start(self) -> None:
        """Start all processes, and wait until they are healthy and the DAG is parsed."""
        (self._home / "config").mkdir(exist_ok=True)
        if self._preload:
            settings = self._home / "config" / "airflow_local_settings.py"
            settings.write_text("import dbt_scheduler.airflow.preload\n")
        self._demo_api = super().start()
        self._demo_api.wait_for_dags([DAG])

    @property
    def pids(self) -> list[int]:
        """The pids of its components."""
        return [each.pid for name, each in self._processes.items() if name != "migration"]

    def finished_run(self) -> dict:
        """Run the DAG, and return the run when it has ended."""
        body = {"dag_run_id": "timed", "logical_date": date(0).isoformat()}
        runs = f"/api/v2/dags/{DAG}/dagRuns"
        self._demo_api.wait_for("a run", lambda: self._demo_api._ask("POST", runs, json=body))

        def ended() -> dict | None:
            run = self._demo_api._ask("GET", f"{runs}/timed")
            return run if run and run["end_date"] else None

        return self._demo_api.wait_for("its end", ended)

    def held(self) -> list[float]:
        """How long each task held its slot after its end, in seconds."""
        ends = {task["id"]: seconds(task["end_date"]) for task in self._demo_api.task_instances(DAG)}

        def all_free() -> list[float] | None:
            log = (self._home / "scheduler.log").read_text(errors="replace").splitlines()
            # A deferred task has several lines; only the last one is after its end.
            free = {found[2]: seconds(found[1]) for line in log if (found := _FINISHED.search(line))}
            held = [free[task] - end for task, end in ends.items() if free.get(task, 0) >= end]
            return held if len(held) == len(ends) else None

        return self._demo_api.wait_for("free slots", all_free, 60)

    def failure(self) -> str:
        """The number of failed tasks, and the end of a failed task's log."""
        tasks = self._demo_api.task_instances(DAG)
        failed = [task for task in tasks if task["state"] == "failed" and self.task_log(task).exists()]
        logs = [self.task_log(task).read_text(errors="replace") for task in failed]
        return f"{len(failed)} of {len(tasks)} tasks failed\n{logs[0][-3000:] if logs else ''}"

    def trouble(self) -> str:
        """The lines of tasks' logs that show that the tasks did not run as intended."""
        logs = (self._home / "logs").rglob("attempt=*.log")
        lines = (line for log in logs for line in log.read_text(errors="replace").splitlines())
        return "\n".join(line for line in lines if any(text in line for text in _NOT_AS_SAID))


def used(pids: Iterable[int]) -> float:
    """CPU seconds of these processes, their descendants, and their terminated children."""
    roots = [psutil.Process(pid) for pid in pids]
    family = {each.pid: each for root in roots for each in (root, *root.children(recursive=True))}
    seconds_used = 0.0
    for process in family.values():
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds_used += times.user + times.system + times.children_user + times.children_system
    return seconds_used


def seconds(when: str) -> float:
    """Seconds since the epoch."""
    return datetime.fromisoformat(when).timestamp()

"""A real Airflow for the demo: processes on loopback with a database of their own, always stopped."""

import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

import httpx
from demo_processes import free_ports, settings, stop
from demo_teams import BIN, FailedError, environment, specs

# People and tasks are served apart. In one process they can wait for each other for good with SQLite: a request
# of people's writes to the audit log from the event loop, which a task's request needs to end its transaction.
COMPONENTS = {
    "api-server": ["api-server", "--apps", "core"],
    "execution-api": ["api-server", "--apps", "execution"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}


@dataclass(frozen=True)
class Run:
    """The one run of a DAG that the demo asks for, by the start of its data interval."""

    dag_id: str
    start: datetime


class Airflow:
    """Makes its database when entered, while other work goes on; is stopped, all of it, when left."""

    def __init__(self, home: Path, dags: Path, *, scheduling: bool) -> None:
        self._home = home
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        port, self._execution_port = free_ports()
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {**environment(), **settings(home, dags)}
        self._environment["AIRFLOW__API__BASE_URL"] = self.url
        # What the default platform calls the way to Airflow's own API; here everybody is admin, without a login.
        self._environment["AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW"] = self.url
        execution = f"http://127.0.0.1:{self._execution_port}/execution/"
        self._environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] = execution
        self._environment["AIRFLOW__API__PORT"] = str(port)
        self._environment["AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE"] = str(scheduling)
        self._http = httpx.Client(base_url=self.url, timeout=30)

    def __enter__(self) -> "Airflow":
        self._home.mkdir(parents=True)
        self._launch("migration", ["db", "migrate"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        stop(list(self._processes.values()))

    def start(self) -> None:
        """Its processes, healthy, with the pools that the specs name (one slot each)."""
        if self._processes["migration"].wait():
            raise FailedError(f"airflow db migrate failed\n{self._log_tail('migration')}")
        with closing(sqlite3.connect(self._home / "airflow.db")) as database:
            # Kept in the file: readers and the writer do not stop each other.
            database.execute("pragma journal_mode = wal")
        for name, arguments in COMPONENTS.items():
            own_port = ["--port", str(self._execution_port)] if name == "execution-api" else []
            self._launch(name, [*arguments, *own_port])
        self._poll("Airflow to be healthy", self._healthy)
        token = self._http.get("/auth/token").raise_for_status().json()["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"
        for pool in {task["pool"] for spec in specs() for task in spec["tasks"]} - {None, "default_pool"}:
            self._post("/api/v2/pools", {"name": pool, "slots": 1})

    def wait_for_dags(self, dag_ids: list[str]) -> None:
        """Until Airflow has read these DAGs; FailedError with its import errors."""

        def loaded() -> bool:
            errors = self._get("/api/v2/importErrors")["import_errors"]
            if errors:
                raise FailedError("\n".join(f"{e['filename']}\n{e['stack_trace']}" for e in errors))
            return {dag["dag_id"] for dag in self._get("/api/v2/dags?limit=1000")["dags"]} >= set(dag_ids)

        self._poll("the DAGs", loaded)

    def create_runs(self, runs: list[Run]) -> None:
        """A backfill of one run each: it gets the data interval that a scheduled run would have."""
        for run in runs:
            when = run.start.isoformat()
            self._post("/api/v2/backfills", {"dag_id": run.dag_id, "from_date": when, "to_date": when})

    def run_states(self) -> dict[str, str]:
        """State of the run of each DAG, by dag_id."""
        return {
            run["dag_id"]: run["state"] for run in self._get("/api/v2/dags/~/dagRuns?limit=1000")["dag_runs"]
        }

    def run_state(self, dag_id: str, logical_date: datetime) -> str | None:
        """State of the one run of a DAG with this logical date; None if there is none."""
        runs = self._get(f"/api/v2/dags/{dag_id}/dagRuns?limit=1000")["dag_runs"]
        found = [run["state"] for run in runs if datetime.fromisoformat(run["logical_date"]) == logical_date]
        return found[0] if found else None

    def task_instances(self) -> list[dict]:
        """Every task instance, as the API tells it."""
        return self._get("/api/v2/dags/~/dagRuns/~/taskInstances?limit=1000")["task_instances"]

    def task_log(self, task: dict) -> Path:
        """The log file of a task instance's last try."""
        folder = f"dag_id={task['dag_id']}/run_id={task['dag_run_id']}/task_id={task['task_id']}"
        return self._home / "logs" / folder / f"attempt={task['try_number']}.log"

    def wait(self) -> None:
        """Until one of the processes ends, which it should not."""
        self._poll("nothing", lambda: False, patience=float("inf"))

    def _launch(self, name: str, arguments: list[str]) -> None:
        with (self._home / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(  # noqa: S603 - Airflow's own commands
                [str(BIN / "airflow"), *arguments],
                env=self._environment,
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that Ctrl-C reaches only the demo, which stops them in order
            )

    def _healthy(self) -> bool:
        try:
            health = self._http.get("/api/v2/monitor/health").raise_for_status().json()
        except httpx.HTTPError:
            return False
        return all(
            health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor", "triggerer")
        )

    def _poll(self, what: str, ready: Callable[[], bool], patience: float = 120) -> None:
        deadline = time.monotonic() + patience
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise FailedError(f"waited {patience:.0f} s for {what}\n{self._log_tail('scheduler')}")
            time.sleep(0.5)

    def check(self) -> None:
        """FailedError when one of the processes has ended."""
        for name, process in self._processes.items():
            if name != "migration" and process.poll() is not None:
                raise FailedError(f"Airflow's {name} has ended\n{self._log_tail(name)}")

    def _log_tail(self, name: str) -> str:
        return (self._home / f"{name}.log").read_text(errors="replace")[-3000:]

    def _get(self, path: str) -> dict:
        return self._ask("GET", path)

    def _post(self, path: str, body: dict) -> dict:
        return self._ask("POST", path, json=body)

    def _ask(self, method: str, path: str, **content: dict) -> dict:
        for _ in range(5):
            answer = self._http.request(method, path, **content)
            if not answer.is_server_error:
                break
            time.sleep(2)  # a busy machine's database
        if answer.is_error:
            raise FailedError(f"Airflow refused {path}: {answer.text}")
        return answer.json()

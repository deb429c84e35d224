"""A real Airflow for the demo: processes on loopback with their own database, which are always stopped."""

import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import httpx
from demo_api import Api
from demo_processes import Login, addresses, free_ports, settings, stop
from demo_teams import BIN, FailedError, environment, specs

# Users and tasks have separate API servers. In one process with SQLite they can deadlock: a user's request writes to
# the audit log on the event loop, which a task's request needs to end its transaction.
COMPONENTS = {
    "api-server": ["api-server", "--apps", "core"],
    "execution-api": ["api-server", "--apps", "execution"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}


class Airflow:
    """A context manager: starts the database migration in the background, and stops all processes at the end.

    ``admin`` is the demo's login, ``callbacks`` that of its tasks; None: every user is admin, without a login.
    """

    admin: Login | None = None
    callbacks: Login | None = None

    def __init__(self, home: Path, dags: Path, *, scheduling: bool) -> None:
        self._home = home
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = {**environment(), **settings(home, dags)}
        self._environment["AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE"] = str(scheduling)
        self._http = httpx.Client(timeout=30, trust_env=False)  # no proxy for loopback

    def __enter__(self) -> "Airflow":
        self._home.mkdir(parents=True)
        self._launch("migration", ["db", "migrate"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        stop(list(self._processes.values()))

    def start(self) -> Api:
        """Start its processes, wait until they are healthy, and create the specs' pools with one slot each.

        Raises:
            FailedError: the migration failed.

        """
        if self._processes["migration"].wait():
            raise FailedError(f"airflow db migrate failed\n{self._log_tail('migration')}")
        self._prepare()
        self._start_components()
        api = Api(self._http, self.check, self.admin)
        api.wait_until_healthy()
        for pool in {task["pool"] for spec in specs() for task in spec["tasks"]} - {None, "default_pool"}:
            api.create_pool(pool)
        return api

    def task_log(self, task: dict) -> Path:
        """The path of the log of a task instance's last try."""
        folder = f"dag_id={task['dag_id']}/run_id={task['dag_run_id']}/task_id={task['task_id']}"
        return self._home / "logs" / folder / f"attempt={task['try_number']}.log"

    def wait(self) -> NoReturn:
        """Wait until a process ends unexpectedly, and raise FailedError."""
        while True:
            self.check()
            time.sleep(1)

    def check(self) -> None:
        """Raise FailedError if a process has ended."""
        for name, process in self._processes.items():
            if name != "migration" and process.poll() is not None:
                raise FailedError(f"Airflow's {name} has ended\n{self._log_tail(name)}")

    def _prepare(self) -> None:
        """The setup after the migration of the database."""
        with closing(sqlite3.connect(self._home / "airflow.db")) as database:
            # The file keeps this setting: readers and the writer do not block each other.
            database.execute("pragma journal_mode = wal")

    def _start_components(self) -> None:
        port, execution_port = free_ports()
        self._environment |= addresses(port, execution_port, self.callbacks)
        for name, arguments in COMPONENTS.items():
            own_port = ["--port", str(execution_port)] if name == "execution-api" else []
            self._launch(name, [*arguments, *own_port])
        self._http.base_url = f"http://127.0.0.1:{port}"

    def _launch(self, name: str, arguments: list[str]) -> None:
        with (self._home / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(  # noqa: S603 - Airflow's own commands
                [str(BIN / "airflow"), *arguments],
                env=self._environment,
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C then reaches only the demo, which stops them
            )

    def _log_tail(self, name: str) -> str:
        return (self._home / f"{name}.log").read_text(errors="replace")[-3000:]

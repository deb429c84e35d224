"""The demo's Airflow as many run it: CeleryExecutor with two workers, Redis between, PostgreSQL behind."""

import json
import secrets
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType

import psutil
from demo_airflow import Airflow
from demo_api import Api, Run
from demo_processes import Login
from demo_story import PRODUCER, Task, Teller, wait_for_run
from demo_teams import ROOT, FailedError
from postgres_server import postgres_server
from rich.console import Console

_FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
_WORKERS = ("worker-1", "worker-2")
_HEARTBEAT_SECONDS = 30
"""How long a task may be silent; then Airflow takes it for lost. Its own default is five minutes."""


_ROLE = ROOT / "docs" / "airflow_role.json"


class DistributedAirflow(Airflow):
    """The demo's Airflow with its own Redis and PostgreSQL, which end with it.

    FAB knows two users: an admin, and the one of the callbacks, whose role has the rights that it needs and no more.
    """

    admin = Login("admin", secrets.token_hex(16))
    callbacks = Login("dbt_scheduler", secrets.token_hex(16))

    def __enter__(self) -> "DistributedAirflow":
        with ExitStack() as services:
            database = services.enter_context(postgres_server())
            broker = self._start_redis(services)
            address = f"{database['user']}@/{database['dbname']}?host={database['host']}"
            self._environment |= {
                "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
                "AIRFLOW__CORE__AUTH_MANAGER": _FAB,
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{address}",
                "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql+psycopg2://{address}",
                "AIRFLOW__CELERY__BROKER_URL": f"redis+socket://{broker}",
                "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(_HEARTBEAT_SECONDS),
            }
            super().__enter__()
            self._services = services.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._services:
            super().__exit__(kind, error, trace)

    def kill_worker_of(self, pid: int) -> str:
        """Kill the worker that runs this process, with all that it runs, as when its machine is lost; its name."""
        for name in set(_WORKERS) & set(self._processes):
            worker = psutil.Process(self._processes[name].pid)
            family = [worker, *worker.children(recursive=True)]
            if pid in {each.pid for each in family}:
                for each in family:
                    each.kill()
                self._processes.pop(name).wait()
                return name
        raise FailedError(f"no worker runs the process {pid}")

    def _prepare(self) -> None:
        (role,) = {each["name"] for each in json.loads(_ROLE.read_text())}
        self._call("roles", "import", str(_ROLE))
        for login, its_role in ((self.admin, "Admin"), (self.callbacks, role)):
            names = (
                "--firstname",
                login.name,
                "--lastname",
                login.name,
                "--email",
                f"{login.name}@localhost",
            )
            who = ("--username", login.name, "--password", login.password)
            self._call("users", "create", *who, *names, "--role", its_role)

    def _call(self, *command: str) -> None:
        self._launch(command[0], [*command])
        if self._processes.pop(command[0]).wait():
            raise FailedError(f"airflow {' '.join(command[:2])} failed\n{self._log_tail(command[0])}")

    def _start_components(self) -> None:
        super()._start_components()
        alone = ("--skip-serve-logs", "--without-gossip", "--without-mingle")
        for name in _WORKERS:
            host = f"{name}@%h"
            self._launch(name, ["celery", "worker", "--concurrency", "2", "--celery-hostname", host, *alone])

    def _start_redis(self, services: ExitStack) -> Path:
        """A server that nobody else uses; its socket, in a folder with a short path, as sockets need."""
        server = shutil.which("redis-server")
        if server is None:
            raise FailedError("redis-server is not installed: install it, for example with apt-get")
        folder = Path(services.enter_context(tempfile.TemporaryDirectory(prefix="redis_")))
        socket = folder / "socket"
        options = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([server, *options], stdout=log, stderr=log, start_new_session=True)  # noqa: S603
        services.callback(process.wait)
        services.callback(process.terminate)
        return socket


def lose_a_worker(airflow: DistributedAirflow, api: Api, hour: datetime, console: Console) -> None:
    """Kill the worker that runs a task of the producer's run after that hour; the other one finishes the run.

    Raises:
        FailedError: the task was not tried again.

    """
    say = Teller(console)
    run = Run(PRODUCER, hour + timedelta(hours=1))
    api.create_runs([run])
    found = api.wait_for(f"a task of {run.dag_id} to run", lambda: _running(api, run))
    task = Task(run, found["task_id"])
    name = airflow.kill_worker_of(found["pid"])
    say(f"{name} was killed while it ran {task}; Airflow hears nothing of it for {_HEARTBEAT_SECONDS} s")
    wait_for_run(api, run, "success")
    (ended,) = [each for each in _instances(api, run) if each["task_id"] == task.task_id]
    if ended["state"] != "success" or ended["try_number"] == found["try_number"]:
        raise FailedError(
            f"{task} is {ended['state']} after try {ended['try_number']}: it was not tried again"
        )
    say(f"{task} has succeeded on the other worker, on try {ended['try_number']}, and the run with it")


def _running(api: Api, run: Run) -> dict | None:
    found = _instances(api, run)
    running = [each for each in found if each["state"] == "running" and each["pid"]]
    if not running and found and all(each["state"] == "success" for each in found):
        raise FailedError(f"the run of {run.dag_id} was over before one of its tasks was seen running")
    return running[0] if running else None


def _instances(api: Api, run: Run) -> list[dict]:
    return [
        each
        for each in api.task_instances(run.dag_id)
        if datetime.fromisoformat(each["logical_date"]) == run.start
    ]

"""The settings of the demo's Airflow, and stopping all of its processes."""

import secrets
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil


class Login(NamedTuple):
    """A user of Airflow."""

    name: str
    password: str


_PORTS = range(20000, 32000)


def settings(home: Path, dags: Path) -> dict[str, str]:
    """Airflow's settings as environment variables: all components on this machine, only reachable from it."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__MAXIMUM_PAGE_LIMIT": "1000",
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=30",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1",
        # On a busy machine, a second's work may take a minute.
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "600",
        "AIRFLOW__CORE__TASK_SUCCESS_OVERTIME": "120",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def addresses(port: int, execution_port: int, login: Login | None) -> dict[str, str]:
    """The URLs of Airflow's API for users, for tasks, and for callbacks, as environment variables."""
    url = f"http://127.0.0.1:{port}"
    return {
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{execution_port}/execution/",
        # The default platform's connection to Airflow's API; without a login, every user is admin.
        "AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW": url.replace("//", f"//{login.name}:{login.password}@")
        if login
        else url,
    }


def free_ports() -> tuple[int, int]:
    """Two unused ports.

    Airflow listens on them only seconds later. So they are random, in case another demo runs on this machine, and
    outside the range of ports that systems assign to outgoing connections.
    """
    found: set[int] = set()
    while len(found) < 2:  # noqa: PLR2004 - as the name says
        port = secrets.choice(_PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.add(port)
    one, other = found
    return one, other


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Stop the processes and all of their descendants: a task runs in its own process group."""
    family: list[psutil.Process] = []
    for process in processes:
        if process.poll() is None:
            root = psutil.Process(process.pid)
            family += [root, *root.children(recursive=True)]
            process.terminate()
    _, alive = psutil.wait_procs(family, timeout=8)
    for left in alive:
        # psutil compares creation times, so a pid that was reused meanwhile is left alone.
        if left.is_running():
            left.kill()
    psutil.wait_procs(alive, timeout=5)

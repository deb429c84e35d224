"""What the demo's Airflow is started with, and how all of it is stopped."""

import os
import secrets
import socket
import subprocess
from pathlib import Path

import psutil


def settings(home: Path, dags: Path) -> dict[str, str]:
    """Airflow's settings as environment variables: everything on this machine, nobody else can come in."""
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
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "NO_PROXY": "127.0.0.1," + os.environ.get("NO_PROXY", ""),
    }


def free_ports() -> tuple[int, int]:
    """Two ports of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ends the processes and all that came from them: a task runs in a process group of its own."""
    family: list[psutil.Process] = []
    for process in processes:
        if process.poll() is None:
            root = psutil.Process(process.pid)
            family += [root, *root.children(recursive=True)]
            process.terminate()
    _, alive = psutil.wait_procs(family, timeout=8)
    for left in alive:
        # psutil compares creation times: a number that was given to another process meanwhile is left alone
        if left.is_running():
            left.kill()
    psutil.wait_procs(alive, timeout=5)

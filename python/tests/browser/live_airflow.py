"""A real Airflow with FAB's logins and the plugin, in which one team is late; serves its UI until its input ends.

Run as a program with an empty folder. It prints the URL of the UI when it responds.
"""

import os
import sys
import warnings
from pathlib import Path

HOME = Path(sys.argv[1])
os.environ.update(
    {
        "AIRFLOW_HOME": str(HOME),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(HOME / "dags"),
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://127.0.0.1:9/execution/",  # nothing listens here
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__API__SECRET_KEY": "a secret of these tests only",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of these tests only, long enough for HS512 to be happy with it",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
)
warnings.simplefilter("ignore")  # Airflow and its libraries emit deprecation warnings

import socket  # noqa: E402 - Airflow reads its configuration when it is imported

import uvicorn  # noqa: E402
from airflow.api_fastapi.app import create_app  # noqa: E402
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder  # noqa: E402
from airflow.utils.db import initdb  # noqa: E402
from airflow.utils.providers_configuration_loader import providers_configuration_loaded  # noqa: E402

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry  # noqa: E402
from harness import Platform  # noqa: E402

DAY = "2025-03-01T00:10"
WAIT = "wait_for__hard_dependencies.dim"
PASSWORD = "a password of these tests only"  # noqa: S105


def deploy(platform: Platform) -> None:
    """Deploy a team whose task fails, one that waits for it, and one without a connection to them."""
    producer = a_spec(
        a_task("marts.dim", assets=("shipping.dim",), signals=True, fails=True), team="shipping"
    )
    consumer = a_spec(a_task("marts.mine", upstream=(WAIT,)), sensors=(a_wait("dim"),))
    other = a_spec(a_task("marts.secret", assets=("finance.secret",)), team="finance")
    platform.deploy_sweep(consumer)
    platform.deploy(producer, consumer, other)
    platform.publish("shipping", an_entry("dim", "daily"))
    platform.publish("finance", an_entry("secret", "daily", team="finance"))
    platform.publish("playground", a_wait_entry(consumer))
    for dag_id in ("shipping_daily", "playground_daily"):
        platform.run(dag_id, DAY)
    platform.work()


@providers_configuration_loaded  # like FAB's own commands: Airflow 3.1 does not load FAB's configuration otherwise
def make_users() -> None:
    """Create an admin, and a viewer of one team's DAG only."""
    with get_application_builder() as builder:
        manager = builder.sm
        manager.sync_roles()
        role = manager.add_role("viewer_of_playground")
        resources = ("DAG:playground_daily", "DAG Runs", "Task Instances", "Website", "Plugins", "Task Logs")
        for resource in resources:
            manager.add_permission_to_role(role, manager.create_permission("can_read", resource))
        for name, its_role in (("admin", manager.find_role("Admin")), ("viewer", role)):
            manager.add_user(name, name, name, f"{name}@example.com", its_role, PASSWORD)


def main() -> None:
    """Start everything, then the server."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    os.environ["AIRFLOW__API__BASE_URL"] = url
    initdb()
    deploy(Platform(HOME))
    make_users()
    server = uvicorn.Server(
        uvicorn.Config(create_app(apps="core"), log_level="error", lifespan="on", ws="none")
    )
    print(url, flush=True)  # noqa: T201 - whoever started this waits for it
    server.run(sockets=[listening])


main()

"""One migrated Airflow for all tests of this folder, and a new copy of its database for each test that uses it."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event

if TYPE_CHECKING:
    from fake_google import FakeGoogle

# Airflow reads its configuration on import, so AIRFLOW_HOME must exist before any test module is imported.
_HOME = Path(tempfile.mkdtemp(prefix="airflow_home_"))
os.environ.update(
    {
        "AIRFLOW_HOME": str(_HOME),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(_HOME / "dags"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_HOME}/airflow.db",
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__API__BASE_URL": "http://airflow.example",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://127.0.0.1:9/execution/",  # nothing listens here
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a secret for these tests only, with the minimum length that HS512 requires",
        # Airflow 3.1 does not support levels by logger name.
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO"
        if version("apache-airflow").startswith("3.1.")
        else "WARNING",
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "airflow.task=INFO",
        "AIRFLOW__WORKERS__API_RETRY_WAIT_MIN": "0.01",  # in seconds, of the Kubernetes provider
        "AIRFLOW__WORKERS__API_RETRY_WAIT_MAX": "0.05",
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",  # tests create their own runs
    }
)


@event.listens_for(Engine, "connect")
def _write_without_waiting(connection: Any, _: Any) -> None:
    """Do not wait for the disk, which would take milliseconds per commit: the database is only for these tests."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.close()


with warnings.catch_warnings():
    # Airflow and its libraries emit deprecation warnings on import.
    warnings.simplefilter("ignore")
    import airflow.jobs.scheduler_job_runner
    import airflow.providers.standard.sensors.external_task  # noqa: F401
    from airflow import settings
    from airflow.utils.db import initdb

    from api_server import public_api
    from dbt_scheduler.airflow_api import http
    from dbt_scheduler.resume import satisfy as satisfying
    from harness import Platform


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses between requests, and before runs are checked again: there is only one Airflow process."""
    monkeypatch.setattr(http, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(satisfying, "_SETTLE_SECONDS", 0)


@pytest.fixture(scope="session")
def migrated() -> Iterator[Path]:
    """A migrated, empty database to copy."""
    template = _HOME / "template.db"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        initdb()
    settings.engine.dispose()
    shutil.copy(_HOME / "airflow.db", template)
    yield template
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture
def platform(migrated: Path, tmp_path: Path) -> Iterator[Platform]:
    """An Airflow in this process, with a new database, a folder for DAGs and a registry."""
    settings.engine.dispose()
    shutil.copy(migrated, _HOME / "airflow.db")
    yield Platform(tmp_path)
    settings.engine.dispose()


@pytest.fixture(scope="session")
def api_url(migrated: Path) -> Iterator[str]:
    """The URL of the public API of this folder's Airflow."""
    assert migrated
    with public_api() as url:
        yield url


@pytest.fixture(name="airflow")
def with_api(platform: Platform, api_url: str, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """An Airflow with a connection to its own API for tasks and commands."""
    monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", api_url)
    return platform


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator["FakeGoogle"]:
    """Fakes of Google's APIs, with an Airflow connection for them."""
    from fake_google import fake_google  # noqa: PLC0415 - a slow import that few tests need

    with fake_google(monkeypatch) as started:
        yield started

"""One migrated Airflow for all tests of this folder, and a fresh copy of its database for each test that
asks."""

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

# Airflow reads its configuration when it is imported, so its home has to be there before any test module is.
_HOME = Path(tempfile.mkdtemp(prefix="airflow_home_"))
os.environ.update(
    {
        "AIRFLOW_HOME": str(_HOME),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(_HOME / "dags"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_HOME}/airflow.db",
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__API__BASE_URL": "http://airflow.example",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://127.0.0.1:9/execution/",  # nobody answers
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of these tests only, long enough for HS512 to be happy with it",
        # Airflow 3.1 does not know levels by name.
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO"
        if version("apache-airflow").startswith("3.1.")
        else "WARNING",
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "airflow.task=INFO",
        "AIRFLOW__WORKERS__API_RETRY_WAIT_MIN": "0.01",  # in seconds, of the Kubernetes provider
        "AIRFLOW__WORKERS__API_RETRY_WAIT_MAX": "0.05",
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",  # tests create the runs that they want
    }
)


@event.listens_for(Engine, "connect")
def _write_without_waiting(connection: Any, _: Any) -> None:
    """The database does not outlive the tests: nobody waits until the disk has it, which took milliseconds for each commit."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.close()


with warnings.catch_warnings():
    # Airflow and its libraries warn while they are imported, about each other and about Python's own future.
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
    """Nobody waits for an Airflow that does not answer, nor for another one's marks to settle: there is but this one."""
    monkeypatch.setattr(http, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(satisfying, "_SETTLE_SECONDS", 0)


@pytest.fixture(scope="session")
def migrated() -> Iterator[Path]:
    """A migrated, empty database, to be copied."""
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
    """An Airflow in this process: a fresh database, a folder of DAGs and a registry."""
    settings.engine.dispose()
    shutil.copy(migrated, _HOME / "airflow.db")
    yield Platform(tmp_path)
    settings.engine.dispose()


@pytest.fixture(scope="session")
def api_url(migrated: Path) -> Iterator[str]:
    """Where the public API of this folder's Airflow answers."""
    assert migrated
    with public_api() as url:
        yield url


@pytest.fixture(name="airflow")
def with_api(platform: Platform, api_url: str, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """An Airflow whose tasks, and whose commands, find its API."""
    monkeypatch.setenv("AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW", api_url)
    return platform


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator["FakeGoogle"]:
    """Google's APIs, which Airflow has a connection for."""
    from fake_google import fake_google  # noqa: PLC0415 - takes seconds, which most tests need not wait

    with fake_google(monkeypatch) as started:
        yield started

"""Checks that the pools of tasks exist in Airflow: a task without its pool never starts."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.spec import SpecError, pools_of, read_spec

if TYPE_CHECKING:
    from dbt_scheduler.airflow_api.client import AirflowApi

_log = logging.getLogger(__name__)


def missing_pools(api: "AirflowApi", dags: Path) -> list[str]:
    """A sentence for each pool that the specs in a folder name and Airflow does not have.

    Empty if Airflow cannot be asked, for example because the login is not allowed to see pools; this is logged.
    """
    try:
        return [
            f"The pool {pool} does not exist in Airflow, so {user} never starts. Create it with "
            "`dbt-scheduler pools` and `airflow pools import`."
            for pool, user in sorted(_pools_in(dags).items())
            if api.pool(pool) is None
        ]
    except AirflowApiError as error:
        _log.warning("The pools in Airflow could not be checked: %s", error)
        return []


def _pools_in(dags: Path) -> dict[str, str]:
    """Each pool, with the first task that uses it."""
    found: dict[str, str] = {}
    for file in sorted(dags.glob("*.json")):
        try:
            spec = read_spec(file)
        except SpecError:  # already an import error of its DAG
            continue
        found = {pool: f"{spec.dag_id} {task_id}" for pool, task_id in pools_of(spec).items()} | found
    return found

"""Loads the DAG of a stub: from the spec beside it, or the sweep's own."""

from pathlib import Path
from typing import TYPE_CHECKING

from dbt_scheduler.schedule import unusable_schedule
from dbt_scheduler.spec import COMPILE_AGAIN, SpecError, read_spec

if TYPE_CHECKING:
    from airflow.sdk import DAG


def load_dag(stub: str) -> "DAG":
    """The DAG of the spec beside ``stub`` (a stub's ``__file__``): ``{dag_id}.json`` beside ``{dag_id}.py``.

    Raises SpecError if the spec cannot be used, and UnusableOperatorError, which Airflow shows as import errors. Never
    returns an empty DAG, which would look like a DAG with nothing to do.
    """
    from dbt_scheduler.airflow.build import build_dag  # noqa: PLC0415 - importing this module does not need Airflow

    path = Path(stub)
    spec_path = path.with_suffix(".json")
    spec = read_spec(spec_path)
    problem = unusable_schedule(spec)
    if problem:
        raise SpecError(spec_path, problem, COMPILE_AGAIN)
    return build_dag(spec, path)


def load_resume_dag(
    stub: str, *, airflow_connection: str, registry_url: str | None, alerts: tuple[str, str]
) -> "DAG":
    """The sweep's DAG; without a URL, its registry is the folder beside that of the DAGs."""
    from dbt_scheduler.airflow.sweep import build_resume_dag  # noqa: PLC0415

    return build_resume_dag(
        stub, airflow_connection=airflow_connection, registry_url=registry_url, alerts=alerts
    )

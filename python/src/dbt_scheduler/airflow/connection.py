"""The Airflow connection through which tasks call Airflow's own REST API."""

from typing import TYPE_CHECKING

from airflow.sdk import BaseHook, Connection

from dbt_scheduler.airflow.compat import AirflowNotFoundException, AirflowRuntimeError
from dbt_scheduler.airflow_api.address import address, token_source
from dbt_scheduler.airflow_api.errors import AirflowApiError

if TYPE_CHECKING:
    from dbt_scheduler.airflow_api.client import AirflowApi


def open_api(connection_id: str, budget_seconds: float) -> "AirflowApi":
    """A session with this Airflow's API, with the login of the connection.

    Raises AirflowApiError if the connection does not exist or has no host; so does the session for later errors.
    """
    from dbt_scheduler.airflow_api.client import AirflowApi  # noqa: PLC0415 - only tasks that ask import an HTTP client

    found = _connection(connection_id)
    url = address(found.conn_type, found.host, found.port, found.schema)
    if not url:
        raise AirflowApiError(
            f'The Airflow connection "{connection_id}" has no host: set its host and port to those of '
            "the API server."
        )
    source = token_source(found.extra)
    return AirflowApi(url, found.login, found.password, budget_seconds=budget_seconds, token_source=source)


def _connection(connection_id: str) -> Connection:
    try:
        return BaseHook.get_connection(connection_id)
    except (AirflowNotFoundException, AirflowRuntimeError):
        raise AirflowApiError(
            f'Airflow connection "{connection_id}" not found: create one of type HTTP with the host '
            "and port of the API server, and a login that may edit DAG runs and task instances."
        ) from None

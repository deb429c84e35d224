"""The Airflow connection by which Airflow's own API is asked from inside a task."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook

from dbt_scheduler.airflow.compat import AirflowNotFoundException, AirflowRuntimeError
from dbt_scheduler.airflow_api.address import address

if TYPE_CHECKING:
    from dbt_scheduler.airflow_api.client import AirflowApi


class ApiUnavailableError(Exception):
    """Airflow's API cannot be asked, or does not answer as it should; the message says what to do."""


@contextmanager
def open_api(connection_id: str, budget_seconds: float) -> Iterator["AirflowApi"]:
    """A session with this Airflow's API, as the user that the connection names.

    Whatever goes wrong with it, from the connection to the last answer, is a ApiUnavailableError.
    """
    # Only tasks that do ask pay for the import of an HTTP client.
    from dbt_scheduler.airflow_api.client import AirflowApi  # noqa: PLC0415
    from dbt_scheduler.airflow_api.http import AirflowApiError  # noqa: PLC0415

    url, login, password = _credentials(connection_id)
    try:
        with AirflowApi(url, login, password, budget_seconds=budget_seconds) as api:
            yield api
    except AirflowApiError as error:
        raise ApiUnavailableError(str(error)) from None


def _credentials(connection_id: str) -> tuple[str, str | None, str | None]:
    try:
        found = BaseHook.get_connection(connection_id)
    except (AirflowNotFoundException, AirflowRuntimeError):
        raise ApiUnavailableError(
            f'There is no Airflow connection "{connection_id}": make one of type HTTP with host and port of the '
            "API server, and a login that may edit DAG runs and task instances."
        ) from None
    url = address(found.conn_type, found.host, found.port, found.schema)
    if not url:
        raise ApiUnavailableError(
            f'The Airflow connection "{connection_id}" has no host: give it host and port of the API server.'
        )
    return url, found.login, found.password

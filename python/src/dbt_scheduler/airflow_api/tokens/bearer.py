"""The token is the connection's password, as with Astronomer's API tokens."""

from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.airflow_api.tokens import TokenSource


def _token(password: str) -> str:
    if not password or not password.isascii() or not password.isprintable() or " " in password:
        raise AirflowApiError(
            "The connection to Airflow has no password: with this token source, the password must be "
            "the token."
        )
    return password


PLUGIN = TokenSource(
    description="the connection's password is the token (Astronomer)",
    token=_token,
    refused="it may have expired: create a new one and set it as the connection's password",
)

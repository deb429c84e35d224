"""An access token of the worker's Google account, for Cloud Composer."""

from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.airflow_api.tokens import TokenSource

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def _token(_password: str) -> str:
    import google.auth  # noqa: PLC0415 - optional
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
    from google.auth.transport.requests import Request  # noqa: PLC0415

    try:
        credentials, _project = google.auth.default(scopes=[_SCOPE])
        credentials.refresh(Request())  # type: ignore[no-untyped-call]
    except GoogleAuthError as error:
        raise AirflowApiError(
            f"Could not get a Google token for Airflow's API ({type(error).__name__}): run this with a "
            "service account, or set GOOGLE_APPLICATION_CREDENTIALS."
        ) from None
    return str(credentials.token)


PLUGIN = TokenSource(
    description="an access token of the worker's Google account (Cloud Composer)",
    token=_token,
    refused="check that the worker's Google account is a user of this Airflow",
    requirement="google-auth[requests]",
)

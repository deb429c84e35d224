# ruff: noqa: ANN401 - Airflow's loggers, and Google's clients, have no types here
"""Shows the output of a job on Google Cloud in the task's log, as far as Cloud Logging has it."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

_MOST_LINES = 1000


def show_log(query: str, project: str, log: Any) -> None:
    """Log the last lines of a job, or why they cannot be shown; never fails the task."""
    from airflow.providers.google.common.consts import CLIENT_INFO  # noqa: PLC0415 - not needed for parsing DAGs
    from airflow.providers.google.common.hooks.base_google import GoogleBaseHook  # noqa: PLC0415
    from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client  # noqa: PLC0415

    try:
        hook = GoogleBaseHook()
        request = {
            "resource_names": [f"projects/{project}"],
            "filter": query,
            "order_by": "timestamp desc",
            "page_size": _MOST_LINES,
        }
        with LoggingServiceV2Client(
            credentials=hook.get_credentials(),
            client_info=CLIENT_INFO,
            client_options=hook.get_client_options(),
        ) as client:
            lines = [_text(entry) for entry in islice(client.list_log_entries(request=request), _MOST_LINES)]
    except (GoogleAPIError, GoogleAuthError) as error:
        log.warning("The job's log cannot be read from Cloud Logging: %s", error)
        return
    log.info("The job's log, as available so far in Cloud Logging (%s):", query)
    for line in reversed(lines):
        log.info("%s", line)


def _text(entry: Any) -> str:
    """The printed line; libraries for Cloud Logging store it in ``message``."""
    if entry.text_payload or not isinstance(entry.json_payload, Mapping):
        return str(entry.text_payload)
    return str(entry.json_payload.get("message") or dict(entry.json_payload))

"""Checks whether a triggerer is running for deferred tasks."""

import json
import logging
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import Request, urlopen

from dbt_scheduler.airflow.compat import conf
from dbt_scheduler.findings.printable import redacted

_log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 2


def triggerer_is_missing() -> bool:
    """Whether Airflow reports that no triggerer is running; False if its health cannot be read.

    Airflow's health endpoint is public, so a worker can read it without a login.
    """
    try:
        with urlopen(Request(_health_url()), timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - Airflow's own
            status = json.load(answer)["triggerer"]["status"]
    except (TimeoutError, OSError, URLError, HTTPException, ValueError, KeyError, TypeError) as error:
        said = "Airflow's health endpoint cannot be read (%s): assuming that a triggerer is running."
        _log.info(said, redacted(error))
        return False
    return bool(status != "healthy")


def _health_url() -> str:
    """The URL of the health endpoint: beside the execution API, which every worker can reach."""
    execution: str = conf.get("core", "execution_api_server_url", fallback="")
    if not execution:
        execution = conf.get("api", "base_url", fallback="http://localhost:8080/").rstrip("/") + "/execution/"
    return execution.rstrip("/").removesuffix("/execution") + "/api/v2/monitor/health"

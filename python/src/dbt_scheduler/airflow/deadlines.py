"""Determines when a sensor started to wait."""

import logging
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context

from dbt_scheduler.airflow.compat import AirflowRuntimeError
from dbt_scheduler.airflow.task_state import recall, remember

_log = logging.getLogger(__name__)


def first_start(context: Context) -> datetime:
    """When the sensor first started, in UTC: neither a retry nor a reschedule restarts the wait.

    Clearing the sensor does, because a user who clears it wants it to wait again. Airflow then raises ``max_tries``,
    which distinguishes the sets of tries. Before Airflow 3.3, a retry restarts the wait too, because a worker cannot
    find out when the first try started.
    """
    ti: Any = context["ti"]
    now = _in_utc(ti.get_first_reschedule_date(context) or ti.start_date)
    key = f"waiting_since.{ti.max_tries}"
    try:
        known = recall(context, key)
        if known is not None:
            return datetime.fromisoformat(known)
        remember(context, key, now.isoformat())
    except AirflowRuntimeError as error:  # waiting longer is better than failing
        _log.warning("The first start time of this sensor could not be read from Airflow: %s", error)
    return now


def _in_utc(moment: datetime) -> datetime:
    return datetime.fromtimestamp(moment.timestamp(), UTC)

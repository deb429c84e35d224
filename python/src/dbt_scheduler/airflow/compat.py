"""Names of Airflow that moved between the supported releases; all other modules import them from here.

=============================  ==================================  =======================
name                           Airflow 3.1                         from Airflow 3.2 on
=============================  ==================================  =======================
the exceptions of a task       ``airflow.exceptions``              ``airflow.sdk.exceptions``
``conf``                       ``airflow.configuration``           ``airflow.sdk.configuration``
``CronDataIntervalTimetable``  ``airflow.timetables.interval``     ``airflow.sdk``
``GetPreviousTI``              none: it is ``None`` here           ``airflow.sdk.execution_time.comms``
``Stats``                      ``airflow.stats``                   ``airflow.sdk.observability.stats``
``DOUBLING``                   ``True``                            2.0: a factor
a timetable's cron             ``_expression``, ``_timezone``      ``expression``, ``timezone``
=============================  ==================================  =======================
"""

from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowRuntimeError

try:
    from airflow.sdk import CronDataIntervalTimetable
    from airflow.sdk.configuration import conf
    from airflow.sdk.exceptions import (
        AirflowFailException,
        AirflowNotFoundException,
        AirflowRescheduleException,
        AirflowSensorTimeout,
        AirflowSkipException,
    )
    from airflow.sdk.execution_time.comms import GetPreviousTI
    from airflow.sdk.observability.stats import Stats
except ImportError:
    from airflow.configuration import conf
    from airflow.exceptions import (  # type: ignore[attr-defined,no-redef]
        AirflowFailException,
        AirflowNotFoundException,
        AirflowRescheduleException,
        AirflowSensorTimeout,
        AirflowSkipException,
    )
    from airflow.stats import Stats
    from airflow.timetables.interval import CronDataIntervalTimetable  # type: ignore[assignment]

    GetPreviousTI = None  # type: ignore[assignment,misc]

DOUBLING: float = True if BaseOperator.retry_exponential_backoff is False else 2.0
"""The ``retry_exponential_backoff`` that doubles the delay with each retry."""


def cron_of(timetable: Any) -> tuple[str, str] | None:  # noqa: ANN401 - there are two class hierarchies
    """The cron expression of a DAG's timetable and the name of its time zone; None for other timetables."""
    expression, zone = (
        getattr(timetable, name, getattr(timetable, f"_{name}", None)) for name in ("expression", "timezone")
    )
    return (expression, str(getattr(zone, "name", zone))) if isinstance(expression, str) else None


__all__ = [
    "DOUBLING",
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowRescheduleException",
    "AirflowRuntimeError",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "CronDataIntervalTimetable",
    "GetPreviousTI",
    "Stats",
    "conf",
    "cron_of",
]

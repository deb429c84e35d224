"""Alerts on the final failure of a task or sensor: once per task and run, until it has succeeded."""

import logging
import time
from functools import partial

from airflow.sdk import Context

from dbt_scheduler.airflow.alerts import messages
from dbt_scheduler.airflow.alerts.deduplication import clear_reported, mark_reported, was_reported
from dbt_scheduler.airflow.alerts.messages import Message
from dbt_scheduler.airflow.alerts.others import what_a_wait_is_due_to, who_is_held_up, why_link
from dbt_scheduler.airflow.alerts.sending import BUDGET_SECONDS, Destination, send
from dbt_scheduler.airflow.alerts.subject import Callback, never_raising, owners_of, task_run_of
from dbt_scheduler.airflow.compat import AirflowRuntimeError, AirflowSensorTimeout
from dbt_scheduler.airflow.producer_gone import ProducerGoneError
from dbt_scheduler.spec import DagSpec

_log = logging.getLogger(__name__)

_LEAST_SECONDS = 7
"""The minimum time for sending, however long it took to create the message."""

_TASK = "task failure"
_DEPENDENCY = "dependency failure"


def alert_on_failure(spec: DagSpec) -> Callback:
    """The ``on_failure_callback`` of every task and sensor of a DAG. It never raises.

    Airflow calls it when the last try has failed; neither before a retry, nor for ``upstream_failed`` tasks.
    """
    return never_raising(partial(_alert, spec))


def forget_on_success(context: Context) -> None:
    """An ``on_success_callback``: a later failure in the same run is reported again. It never raises."""
    try:
        clear_reported(context)
    except AirflowRuntimeError as error:
        _log.warning("The record of a reported failure could not be deleted in Airflow: %s", error)


def _alert(spec: DagSpec, context: Context) -> None:
    kind = _kind(context)
    can_remember = _is_in_worker(context)
    if can_remember and _was_reported(spec, context, kind):
        _log.info(
            "No alert: the %s of this run was already reported, and the task has not succeeded since.", kind
        )
        return
    to = Destination.of_dag(spec, owners_of(spec, context["ti"].task_id))
    started = time.monotonic()
    message = _message(spec, context, kind, to.tags)
    left = max(_LEAST_SECONDS, BUDGET_SECONDS - (time.monotonic() - started))
    if send(to, message, left) and can_remember:
        try:
            mark_reported(spec, context, kind)
        except AirflowRuntimeError as error:
            _log.warning(
                "The sent alert could not be recorded in Airflow, so it may be sent again: %s", error
            )


def _is_in_worker(context: Context) -> bool:
    """Whether a worker calls; if the worker died, the DAG processor does.

    That has no exception, and neither XComs nor a task state store: it does not even get a response to a request for
    them.
    """
    return isinstance(context.get("exception"), BaseException)


def _was_reported(spec: DagSpec, context: Context, kind: str) -> bool:
    try:
        return was_reported(spec, context, kind)
    except AirflowRuntimeError as error:  # rather report it twice than not at all
        _log.warning("Could not check in Airflow whether this failure was already reported: %s", error)
        return False


def _kind(context: Context) -> str:
    gave_up = isinstance(context.get("exception"), AirflowSensorTimeout | ProducerGoneError)
    return _DEPENDENCY if gave_up else _TASK


def _message(spec: DagSpec, context: Context, kind: str, tags: tuple[str, ...]) -> Message:
    task = task_run_of(spec, context)
    if kind == _TASK:
        return messages.task_failure(task, tags, (*who_is_held_up(spec, context), *why_link(spec, context)))
    error = context.get("exception")
    if isinstance(error, ProducerGoneError):
        return messages.dependency_failure(task, tags, str(error), why_link(spec, context))
    cause = what_a_wait_is_due_to(spec, context)
    reason = "" if cause.registered else messages.UNREGISTERED
    return messages.dependency_failure(task, tags, reason, (*cause.lines, *why_link(spec, context)))

"""Alerts about dbt tests of severity warn that found rows, in a task that succeeded."""

from collections.abc import Iterator
from functools import partial

import msgspec
from airflow.sdk import Context

from dbt_scheduler.airflow.alerts import messages
from dbt_scheduler.airflow.alerts.sending import Destination, send
from dbt_scheduler.airflow.alerts.subject import Callback, never_raising, owners_of, task_run_of
from dbt_scheduler.airflow.dbt_tasks.outcome import KEY, Outcome
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.spec import DagSpec


def alert_on_warnings(spec: DagSpec) -> Callback:
    """An ``on_success_callback`` of a dbt task: an alert whenever it succeeds with warnings. It never raises."""
    return never_raising(partial(_alert, spec))


def _alert(spec: DagSpec, context: Context) -> None:
    ti = context["ti"]
    known = ti.xcom_pull(task_ids=ti.task_id, key=KEY)
    if known is None:
        return
    outcome = msgspec.convert(known, Outcome)
    if outcome.tests["warn"]:
        to = Destination.of_dag(spec, owners_of(spec, ti.task_id))
        send(to, messages.tests_warned(task_run_of(spec, context), to.tags, _tests(outcome)))


def _tests(outcome: Outcome) -> Iterator[str]:
    warned = [test for test in outcome.failed_tests if test.status == "warn"]
    for test in warned:
        yield f"{test.name}: {format_count(test.failures or 0, 'row')}"
    if left := outcome.tests["warn"] - len(warned):
        yield f"and {format_count(left, 'more test')}"

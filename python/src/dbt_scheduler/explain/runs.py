"""Finds the run that a person asks about, and the run that a sensor waits for."""

from datetime import UTC, datetime, time, timedelta

from dbt_scheduler.airflow_api.reader import AirflowReader, Dag, RunDetails, interval_of
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.schedule import before_start, next_tick, period, run_interval, scheduled_time
from dbt_scheduler.schedule.text import format_local
from dbt_scheduler.spec import DagSpec, Producer
from dbt_scheduler.waits.upcoming import next_run

_SCHEDULED = ("scheduled", "backfill")
_DAY = timedelta(days=1) - timedelta(microseconds=1)
_LENGTH_OF_DATE = 10


class NoRunError(Exception):
    """There is no such run, for a reason that goes on from the task's name: "has no run yet"."""


def find_requested_run(
    airflow: AirflowReader, spec: DagSpec, wanted: str | None, now: datetime
) -> RunDetails:
    """The run of a run id, a logical date or a day; the newest when nothing is wanted.

    Raises NoRunError when the DAG has no run at all, and UsageError when it has no such run.
    """
    dag = _dag(airflow, spec.dag_id)
    newest = airflow.newest_run(spec.dag_id)
    if newest is None:
        coming = next_run(spec.schedule, now)
        due = f"the first is due at {format_local(scheduled_time(coming), spec.schedule)}"
        raise NoRunError(f"has not run: its DAG has no run yet; {_paused(dag) or due}")
    if wanted is None:
        return newest
    found = _by_date(airflow, spec, wanted) or airflow.run(spec.dag_id, wanted)
    if found is None:
        raise UsageError(
            f'{spec.dag_id} has no run "{wanted}"',
            f"the newest is {newest.run_id}; the next is due at "
            f"{format_local(scheduled_time(next_run(spec.schedule, now)), spec.schedule)}",
        )
    return found


def find_awaited_run(airflow: AirflowReader, producer: Producer, date: datetime, now: datetime) -> RunDetails:
    """The run that a sensor waits for: the scheduled one of a logical date, else the newest of its period.

    Raises NoRunError when there is none.
    """
    schedule = producer.schedule
    interval = run_interval(schedule, date)
    if before_start(schedule, interval):
        raise NoRunError(f"is not needed: {producer.dag_id} starts on {schedule.start_date}")
    dag = _dag(airflow, producer.dag_id)
    # A manual run of the period has its logical date up to two ticks later.
    runs = airflow.runs_of(producer.dag_id, date, next_tick(schedule, interval.end))
    for run in runs:
        if run.run_type in _SCHEDULED and run.logical_date == date:
            return run
    covered = period(schedule, interval)
    for run in runs:
        if run.run_type not in _SCHEDULED and period(schedule, interval_of(run, schedule)) == covered:
            return run
    due = format_local(scheduled_time(interval), schedule)
    if paused := _paused(dag):
        raise NoRunError(f"has not run: {paused}, so that the run due at {due} was not made")
    if scheduled_time(interval) > now:
        raise NoRunError(f"has not run yet: its run is due at {due}")
    raise NoRunError(
        f"has no run: the one due at {due} was never made (not yet, or catchup is off); "
        "the success of a newer one counts too"
    )


def _dag(airflow: AirflowReader, dag_id: str) -> Dag:
    dag = airflow.dag(dag_id)
    if dag is None:
        raise NoRunError(f"has not run: Airflow has no DAG {dag_id}; deploy it, or see its import errors")
    return dag


def _paused(dag: Dag) -> str:
    return "its DAG is paused" if dag.is_paused else ""


def _by_date(airflow: AirflowReader, spec: DagSpec, wanted: str) -> RunDetails | None:
    try:
        moment = datetime.fromisoformat(wanted)
    except ValueError:
        return None
    is_day = len(wanted) == _LENGTH_OF_DATE
    first = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    last = datetime.combine(moment.date(), time(), tzinfo=UTC) + _DAY if is_day else first
    found = airflow.runs_of(spec.dag_id, first, last)
    return found[0] if found else None

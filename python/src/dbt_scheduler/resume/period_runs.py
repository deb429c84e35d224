"""Triggers a manual run for a given period, unless the period already has a run."""

from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec

from dbt_scheduler.airflow_api.answers import Run
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.resume.runs import runs_near
from dbt_scheduler.schedule import (
    Interval,
    before_start,
    manual_dates,
    named_run,
    period,
    scheduled_time,
)
from dbt_scheduler.schedule.text import format_local
from dbt_scheduler.spec import DagSpec
from dbt_scheduler.waits.run_interval import SCHEDULED, interval_of_run


class RunRequest(msgspec.Struct, frozen=True):
    """The parameters of a run: the tasks to include (empty: all), and whether it is a full refresh."""

    only: tuple[str, ...] = ()
    full_refresh: bool = False

    @property
    def conf(self) -> dict[str, object]:
        """The run's ``conf``."""
        only: dict[str, object] = {"only": list(self.only)} if self.only else {}
        return {**only, "full_refresh": True} if self.full_refresh else only


class PeriodRun(msgspec.Struct, frozen=True):
    """The run of the period: a new one, or an existing one, which is unchanged."""

    run: Run
    interval: Interval
    new: bool
    paused: bool


def run_period(airflow: AirflowApi, spec: DagSpec, text: str, asked: RunRequest, now: datetime) -> PeriodRun:
    """Trigger a run of the period that a text names.

    If a run exists, another one is triggered only with parameters that clearing the existing run could not set. Raises
    UsageError and AirflowApiError.
    """
    _check_names(spec, asked.only)
    interval = _interval(spec, text, now)
    dag = airflow.dag(spec.dag_id)
    if dag is None:
        raise UsageError(f"DAG {spec.dag_id} not found in Airflow", "deploy it, or check its import errors")
    near = sorted(runs_near(airflow, spec.schedule, (spec.dag_id,), (interval,)), key=_newest_first)
    runs = _of_period(near, spec, interval)
    taken = {run.logical_date for run in near}
    if runs and not asked.conf:
        return PeriodRun(runs[0], interval, new=False, paused=dag.is_paused)
    run = airflow.make_run(
        spec.dag_id,
        {
            "logical_date": next(each for each in manual_dates(spec.schedule, interval) if each not in taken),
            "data_interval_start": interval.start,
            "data_interval_end": interval.end,
            "conf": asked.conf,
            "note": f"Period {text}, triggered by `dbt-scheduler run`.",
        },
    )
    if run is None:
        raise UsageError(
            f"another run of {spec.dag_id} was triggered at the same time", "run the command again to show it"
        )
    return PeriodRun(run, interval, new=True, paused=dag.is_paused)


def _check_names(spec: DagSpec, names: Collection[str]) -> None:
    """The values of the parameter ``only``: full task_ids, or names without the group."""
    known = {task.task_id for task in spec.tasks}
    known |= {task.task_id.removeprefix(f"{task.group}.") for task in spec.tasks if task.group}
    for name in names:
        if name not in known:
            raise UsageError(f'task "{name}" not found in {spec.dag_id}', did_you_mean(name, known))


def _interval(spec: DagSpec, text: str, now: datetime) -> Interval:
    try:
        interval = named_run(spec.schedule, text)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if before_start(spec.schedule, interval):
        raise UsageError(f"{spec.dag_id} has no run for {text}: it starts on {spec.schedule.start_date}")
    if scheduled_time(interval) > now:
        due = format_local(scheduled_time(interval), spec.schedule)
        raise UsageError(f"{spec.dag_id} cannot run for {text} yet: the run is due at {due}")
    return interval


def _of_period(runs: Iterable[Run], spec: DagSpec, interval: Interval) -> list[Run]:
    """The runs of the same period: scheduled and backfilled ones first, the newest first."""
    covered = period(spec.schedule, interval)
    found = [run for run in runs if period(spec.schedule, interval_of_run(spec.schedule, run)) == covered]
    return sorted(found, key=lambda run: run.run_type not in SCHEDULED)


def _newest_first(run: Run) -> float:
    return -run.run_after.timestamp()

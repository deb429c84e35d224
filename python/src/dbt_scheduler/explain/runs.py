"""Finds the run that a user asks for, and the run that a sensor waits for."""

from datetime import UTC, datetime, time, timedelta
from functools import cache

from dbt_scheduler.airflow_api.answers import Dag, Run
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.explain.dags import KnownDag
from dbt_scheduler.explain.messages import held_back
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.resume.producer_runs import fetch_producer_runs
from dbt_scheduler.schedule import next_run, period, scheduled_time
from dbt_scheduler.schedule.text import format_moment
from dbt_scheduler.waits.decision import AwaitedRun, ProducerRun, decide
from dbt_scheduler.waits.run_interval import interval_of_run

_DAY = timedelta(days=1) - timedelta(microseconds=1)
_LENGTH_OF_DATE = 10
_AFTER_INTERVAL = timedelta(minutes=10)


class NoRunError(Exception):
    """The run does not exist. The message follows the task's name: "has no run yet"."""


class RunFinder:
    """Reads runs from Airflow, and each DAG once."""

    def __init__(self, api: AirflowApi, now: datetime) -> None:
        self._api = api
        self._now = now
        self.dag = cache(api.dag)

    def requested(self, known: KnownDag, wanted: str | None) -> Run:
        """The run with a run_id, a logical date, a day or the start of a data interval (UTC); without one, the newest.

        Raises NoRunError if the DAG has no runs or is not in Airflow, and UsageError if it has no such run.
        """
        dag = self._known_dag(known.dag_id)
        newest = next(iter(self._api.newest_runs(known.dag_id, 1)), None)
        coming = scheduled_time(next_run(known.schedule, self._now))
        if newest is None:
            due = f"the first is due at {format_moment(coming, known.schedule)}"
            raise NoRunError(f"has not run: its DAG has no runs yet; {held_back(dag) or due}")
        if wanted is None:
            return newest
        found = self._api.run(known.dag_id, wanted) or self._by_date(known, wanted)
        if found is None:
            raise UsageError(
                f'run "{wanted}" of {known.dag_id} not found',
                f"the latest run is {newest.run_id}; the next is due at {format_moment(coming, known.schedule)}",
            )
        return found

    def awaited(self, awaited: AwaitedRun) -> Run:
        """The producer's run that ended a wait, or that the wait is for.

        Raises NoRunError if there is none, or the DAG is not in Airflow.
        """
        dag = self._known_dag(awaited.dag_id)
        runs = fetch_producer_runs(self._api, (awaited,))[awaited]
        chosen = decide(awaited, runs).run or _without_the_task(awaited, runs)
        run = self._api.run(awaited.dag_id, chosen.run_id) if chosen else None
        if run is None:
            raise NoRunError(self._why_no_run(awaited, dag))
        return run

    def _why_no_run(self, awaited: AwaitedRun, dag: Dag) -> str:
        when = scheduled_time(awaited.interval)
        due = format_moment(when, awaited.schedule)
        if reason := held_back(dag):
            return f"has not run: {reason}, so the run due at {due} was not created"
        if when > self._now:
            return f"has not run yet: its run is due at {due}"
        else_ = "the success of a newer run also ends the wait"
        if awaited.backfilled:
            else_ = f"a backfilled run does not use data from a newer period: backfill {awaited.dag_id} too"
        return f"has no run: the run due at {due} was not created (not yet, or catchup is disabled); {else_}"

    def _known_dag(self, dag_id: str) -> Dag:
        dag = self.dag(dag_id)
        if dag is None:
            raise NoRunError(
                f"has not run: DAG {dag_id} not found in Airflow; deploy it, or check its import errors"
            )
        return dag

    def _by_date(self, known: KnownDag, wanted: str) -> Run | None:
        try:
            moment = datetime.fromisoformat(wanted)
        except ValueError:
            return None
        is_day = len(wanted) == _LENGTH_OF_DATE
        first = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        last = datetime.combine(moment.date(), time(), tzinfo=UTC) + _DAY if is_day else first
        # A manual run is dated at the end of its data interval, or a few seconds later.
        until = scheduled_time(next_run(known.schedule, last)) + _AFTER_INTERVAL
        found = self._api.runs(RunFilter(dag_ids=(known.dag_id,), dated_since=first, dated_until=until))
        dated = [run for run in found if run.logical_date and first <= run.logical_date <= last]
        of_period = [run for run in found if first <= interval_of_run(known.schedule, run).start <= last]
        wanted_runs = (of_period or dated) if is_day else (dated or of_period)
        return max(wanted_runs, key=lambda run: run.run_after, default=None)


def _without_the_task(awaited: AwaitedRun, runs: list[ProducerRun]) -> ProducerRun | None:
    """A run of the period, for a wait that no run decides: it does not include the task. None if there is none."""
    return next((run for run in runs if period(awaited.schedule, run.interval) == awaited.period), None)

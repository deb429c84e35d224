"""The sweep: resumes all runs that completion callbacks missed. Idempotent."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace

from dbt_scheduler.airflow_api.answers import RunKey
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.resume.arrivals import find_arrivals
from dbt_scheduler.resume.proof import own_dags
from dbt_scheduler.resume.repair import repair_runs
from dbt_scheduler.resume.satisfy import Outcome, satisfied_note, satisfy
from dbt_scheduler.resume.slo_misses import SloMiss, find_slo_misses
from dbt_scheduler.resume.waiting_sensors import find_unsatisfied
from dbt_scheduler.waits.wait import Wait, registered_waits

_REPAIRS = timedelta(days=7)
"""How long after its end a half-resumed run is repaired."""

_PROMISES = timedelta(days=1)


class SweepResult(msgspec.Struct, frozen=True):
    """The result of a sweep.

    ``waiting`` is the number of sensors found, and ``waits`` has the dependency of each; ``oldest_wait`` is the age of
    the oldest one that was left.
    """

    outcome: Outcome = Outcome()
    misses: tuple[SloMiss, ...] = ()
    waiting: int = 0
    oldest_wait: timedelta = timedelta()
    waits: tuple[Wait, ...] = ()


def sweep(api: AirflowApi, entries: Mapping[str, Entry]) -> SweepResult:
    """Satisfy every sensor whose data is ready, repair half-resumed runs, and find missed SLOs.

    The number of requests grows with what waits, plus one per team with an SLO. Raises AirflowApiError if nothing could
    be done; later errors are the outcome's ``problem``, so that completed work is reported.
    """
    now = datetime.now(UTC)
    waits = registered_waits(entries)
    waiting = find_unsatisfied(api, waits)
    notes = {
        each.sensor: satisfied_note(each.made_by.dag_id, each.made_by.run_id)
        for each in find_arrivals(api, waiting)
    }
    outcome = satisfy(api, notes)
    misses: Sequence[SloMiss] = ()
    try:
        misses = find_slo_misses(api, entries, now, _PROMISES)
        repaired = _repair(api, waits, now - _REPAIRS)
        outcome = replace(outcome, repaired=(*outcome.repaired, *repaired))
    except AirflowApiError as error:
        outcome = replace(outcome, problem=outcome.problem or str(error))
    ended = {each.id_ for each in outcome.satisfied}
    waited = [each.start_date for each, _, _ in waiting if each.start_date and each.id_ not in ended]
    return SweepResult(
        outcome=outcome,
        misses=tuple(misses),
        waiting=len(waiting),
        oldest_wait=max((now - since for since in waited), default=timedelta()),
        waits=tuple(wait for _, _, wait in waiting),
    )


def _repair(api: AirflowApi, waits: Sequence[Wait], since: datetime) -> list[RunKey]:
    """Repair runs that failed since a moment, and active runs with a task that could not start; returns them."""
    dag_ids = sorted({wait.dag_id for wait in waits})
    if not dag_ids:
        return []
    ended = RunFilter(dag_ids=dag_ids, states=["failed"], ended_since=since)
    failed = {run.key: run for run in api.runs(ended)}
    stuck = api.task_instances(RunFilter(dag_ids=dag_ids, states=["upstream_failed"], ended_since=since))
    suspects = {each.run_key for each in stuck}
    runs = dict(failed)
    if suspects - failed.keys():
        runs |= {run.key: run for run in api.runs(RunFilter(dag_ids=dag_ids, states=["running"]))}
    if failed:
        run_ids = sorted({key.run_id for key in failed})
        unstarted = api.task_instances(RunFilter(dag_ids=dag_ids, run_ids=run_ids, states=[None]))
        suspects |= {each.run_key for each in unstarted} & failed.keys()
    dags = {key.dag_id for key in suspects}
    own = {
        dag_id
        for _, dag_id in own_dags(api, {(wait.team, wait.dag_id) for wait in waits if wait.dag_id in dags})
    }
    return repair_runs(api, [runs[key] for key in sorted(suspects) if key in runs and key.dag_id in own])

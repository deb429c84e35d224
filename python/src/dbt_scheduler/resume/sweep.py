"""The sweep: whatever a completion callback missed is found and done, however often it is run."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from dbt_scheduler.airflow_api.answers import RunKey, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.resume.arrivals import find_arrivals
from dbt_scheduler.resume.proof import keep_proven
from dbt_scheduler.resume.repair import repair_runs
from dbt_scheduler.resume.satisfy import Outcome, satisfied_note, satisfy
from dbt_scheduler.resume.slo_misses import SloMiss, find_slo_misses
from dbt_scheduler.resume.waiting_sensors import find_unsatisfied
from dbt_scheduler.waits.wait import Wait, registered_waits

_REPAIRS = timedelta(days=7)
"""For how long a run that ended half-resumed is looked for, counted from its end."""

_PROMISES = timedelta(days=1)


class SweepResult(msgspec.Struct, frozen=True):
    """What a sweep did and saw; sensors are as they were before, ``waits`` are theirs and others' of their DAGs.

    ``waiting`` sensors it found; ``oldest_wait`` is how long the oldest of them that it left waiting has waited.
    ``problem`` is what Airflow refused or did not answer, at which the rest was left.
    """

    satisfied: tuple[TaskInstance, ...] = ()
    left: tuple[TaskInstance, ...] = ()
    repaired: tuple[RunKey, ...] = ()
    resumed: tuple[TaskInstance, ...] = ()
    misses: tuple[SloMiss, ...] = ()
    waiting: int = 0
    oldest_wait: timedelta = timedelta()
    waits: tuple[Wait, ...] = ()
    problem: str = ""


def sweep(api: AirflowApi, entries: Mapping[str, Entry]) -> SweepResult:
    """Satisfy every sensor whose data is there, however old its run; repair half-resumed runs, see who is late.

    The number of calls grows with what waits, not with how many tasks there are. Raises AirflowApiError when nothing
    could be done; what goes wrong after that is the result's ``problem``, as what was done has to be reported.
    """
    now = datetime.now(UTC)
    waits = registered_waits(entries)
    waiting = find_unsatisfied(api, waits) if waits else []
    notes = {
        each.sensor: satisfied_note(each.made_by.dag_id, each.made_by.run_id)
        for each in find_arrivals(api, waiting)
    }
    done = satisfy(api, notes) if notes else Outcome()
    repaired: Sequence[RunKey] = ()
    misses: Sequence[SloMiss] = ()
    problem = done.problem
    try:
        misses = find_slo_misses(api, entries, now, _PROMISES)
        repaired = _repair(api, waits, now - _REPAIRS)
    except AirflowApiError as error:
        problem = problem or str(error)
    ended = {each.id_ for each in done.satisfied}
    waited = [each.start_date for each, _, _ in waiting if each.start_date and each.id_ not in ended]
    return SweepResult(
        satisfied=done.satisfied,
        left=done.left,
        repaired=(*done.repaired, *repaired),
        resumed=done.resumed,
        misses=tuple(misses),
        waiting=len(waiting),
        oldest_wait=max((now - since for since in waited), default=timedelta()),
        waits=tuple(wait for _, _, wait in waiting),
        problem=problem,
    )


def _repair(api: AirflowApi, waits: Sequence[Wait], since: datetime) -> list[RunKey]:
    """Runs that have failed since a moment, and those that go on past a task that could not start."""
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
    own = {wait.dag_id for wait in keep_proven(api, [w for w in waits if w.dag_id in dags])}
    return repair_runs(api, [runs[key] for key in sorted(suspects) if key in runs and key.dag_id in own])

"""Reads the producers' runs that decide waits from Airflow's REST API."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from dbt_scheduler.airflow_api.answers import Run
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.resume.runs import runs_near
from dbt_scheduler.schedule import Interval, period
from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.decision import REMOVED, AwaitedRun, ProducerRun
from dbt_scheduler.waits.run_interval import interval_of_run

_NEWER = 10
"""The number of a producer's newest runs to check if its task is in no run of the period."""

States = Mapping[tuple[str, str, str], str | None]
"""The state of each task instance by dag_id, run_id and task_id."""


def fetch_producer_runs(
    api: AirflowApi, wanted: Collection[AwaitedRun]
) -> dict[AwaitedRun, list[ProducerRun]]:
    """For each awaited run all runs of its period, and newer ones if the task is in none of these.

    The number of requests depends on what is awaited: two per schedule and time range, one per DAG whose task is in no
    run of a period, and one or two for task instances.
    """
    runs = _runs_near(api, wanted)
    same = {each: [run for run in runs[each.dag_id] if _covered(each, run) == each.period] for each in wanted}
    found = _with_states(api, same)
    missing = [
        each
        for each, made in found.items()
        if all(run.state == REMOVED for run in made) and (made or not each.backfilled)
    ]
    newest = {dag_id: api.newest_runs(dag_id, _NEWER) for dag_id in sorted({each.dag_id for each in missing})}
    newer = {
        each: [run for run in newest[each.dag_id] if _covered(each, run) > each.period] for each in missing
    }
    for each, more in _with_states(api, newer).items():
        found[each] += more
    return found


def _runs_near(api: AirflowApi, wanted: Iterable[AwaitedRun]) -> dict[str, list[Run]]:
    """For each DAG, the runs that may be of an awaited period."""
    schedules: dict[Schedule, list[AwaitedRun]] = defaultdict(list)
    for each in wanted:
        schedules[each.schedule].append(each)
    found: dict[str, list[Run]] = defaultdict(list)
    for schedule, group in schedules.items():
        dag_ids = {each.dag_id for each in group}
        for run in runs_near(api, schedule, dag_ids, (each.interval for each in group)):
            found[run.dag_id].append(run)
    return found


def _covered(awaited: AwaitedRun, run: Run) -> Interval:
    return period(awaited.schedule, _interval(awaited, run))


def _interval(awaited: AwaitedRun, run: Run) -> Interval:
    return interval_of_run(awaited.schedule, run, external=awaited.external)


def _with_states(
    api: AirflowApi, runs: Mapping[AwaitedRun, Collection[Run]]
) -> dict[AwaitedRun, list[ProducerRun]]:
    """The task in each of the runs: ``removed`` if a finished run lacks it; an active run may still add it."""
    ids = {(*run.key, awaited.task_id) for awaited, each in runs.items() for run in each}
    listed = api.task_instances(RunFilter.of_tasks(ids)) if ids else ()
    states: States = {each.id_: each.state for each in listed}
    return {
        awaited: [
            ProducerRun(
                _interval(awaited, run),
                run.run_id,
                run.run_type,
                states.get((*run.key, awaited.task_id), REMOVED if run.over else None),
            )
            for run in each
        ]
        for awaited, each in runs.items()
    }

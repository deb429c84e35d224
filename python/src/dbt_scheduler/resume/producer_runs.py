"""The producers' runs that decide about waits, as Airflow's REST API lists them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from dbt_scheduler.airflow_api.client import AirflowApi, Run, RunFilter
from dbt_scheduler.resume.stretches import stretches
from dbt_scheduler.schedule import Interval, cadence_seconds, next_tick, period
from dbt_scheduler.waits.decision import REMOVED, AwaitedRun, ProducerRun
from dbt_scheduler.waits.run_interval import interval_of_run

_NEWER = 10
"""How many of a producer's newest runs are looked at when its task is in no run of the period."""

_APART = timedelta(seconds=20)  # for each second of the schedule's cadence
"""Awaited runs with more than so many others between them are listed apart, without these."""

States = Mapping[tuple[str, str, str], str | None]
"""The state of each task instance by its DAG, run and task."""


def fetch_producer_runs(
    api: AirflowApi, wanted: Collection[AwaitedRun]
) -> dict[AwaitedRun, list[ProducerRun]]:
    """For each awaited run all runs of its period, and newer ones where the task is in none of these.

    The listings grow with what is awaited: two for each schedule and stretch of time that a run of it is awaited
    in, one for each DAG whose task is in no run of a period, and one or two of tasks.
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
    """By DAG, every run that may be of a period: a manual one is of the period before its date, or of its making."""
    schedules: dict[object, list[AwaitedRun]] = defaultdict(list)
    for each in wanted:
        schedules[each.schedule].append(each)
    found: dict[str, dict[str, Run]] = defaultdict(dict)
    for group in schedules.values():
        dag_ids = tuple(sorted({each.dag_id for each in group}))
        reach = (Interval(each.interval.start, next_tick(each.schedule, each.interval.end)) for each in group)
        apart = _APART * cadence_seconds(group[0].schedule)
        for near in stretches(reach, apart):
            dated = RunFilter(dag_ids=dag_ids, dated_since=near.start, dated_until=near.end)
            due = RunFilter(dag_ids=dag_ids, since=near.start, until=near.end)
            for run in (*api.runs(dated), *api.runs(due)):
                found[run.dag_id][run.run_id] = run
    return defaultdict(list, {dag_id: [*runs.values()] for dag_id, runs in found.items()})


def _covered(awaited: AwaitedRun, run: Run) -> Interval:
    return period(awaited.schedule, interval_of_run(awaited.schedule, run))


def _with_states(
    api: AirflowApi, runs: Mapping[AwaitedRun, Collection[Run]]
) -> dict[AwaitedRun, list[ProducerRun]]:
    """The task in each of the runs; one that a run does not have may still come until the run is over."""
    run_ids = sorted({run.run_id for each in runs.values() for run in each})
    states: States = {}
    if run_ids:
        where = RunFilter(
            dag_ids=sorted({awaited.dag_id for awaited in runs}),
            task_ids=sorted({awaited.task_id for awaited in runs}),
            run_ids=run_ids,
        )
        states = {each.id_: each.state for each in api.task_instances(where)}
    return {
        awaited: [
            ProducerRun(
                interval_of_run(awaited.schedule, run),
                run.run_id,
                run.run_type,
                states.get((*run.key, awaited.task_id), REMOVED if run.over else None),
            )
            for run in each
        ]
        for awaited, each in runs.items()
    }

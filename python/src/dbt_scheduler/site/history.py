"""Computes landings, SLO outcomes and waits from DAG runs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from dbt_scheduler.airflow_api.answers import Run, TaskInstance
from dbt_scheduler.schedule import Interval, period, scheduled_time
from dbt_scheduler.site.dags import RegisteredDag
from dbt_scheduler.site.documents import History, Landing, RunOfPipeline, WaitInRun
from dbt_scheduler.waits.deadline import known_deadline, ready_by
from dbt_scheduler.waits.decision import OVER, SUCCESS, awaited_by
from dbt_scheduler.waits.run_interval import SCHEDULED
from dbt_scheduler.waits.wait import Wait

SHORT = timedelta(minutes=1)
"""Waits that ended within this time are left out: there are many, and they caused no delay."""


class DagRuns(msgspec.Struct, frozen=True):
    """A DAG, its runs, and their relevant task instances, by run_id and task_id."""

    dag: RegisteredDag
    runs: Sequence[Run]
    tasks: Mapping[tuple[str, str], TaskInstance]


def make_history(
    found: Sequence[DagRuns], since: datetime, now: datetime, missing: tuple[str, ...] = ()
) -> History:
    """The history in the order of the DAGs, each by period."""
    covered = [(each, _by_period(each)) for each in found]
    runs_of = {each.dag.dag_id: runs for each, runs in covered}
    # A hand-written DAG may produce assets of several teams or pipelines.
    declared: dict[str, list[DagRuns]] = defaultdict(list)
    for each in found:
        declared[each.dag.dag_id].append(each)
    return History(
        generated_at=now,
        since=since,
        until=now,
        runs=tuple(run for same in declared.values() for run in _runs(same)),
        landings=tuple(
            landing
            for each, runs in covered
            for covering in runs.values()
            for landing in _landings(each, covering, now)
        ),
        waits=tuple(wait for each in found for wait in _waits(each, runs_of)),
        missing=missing,
    )


def _by_period(found: DagRuns) -> dict[Interval, list[Run]]:
    """For each period its runs, the decisive one last: the newest scheduled one, or else the newest."""
    schedule = found.dag.schedule
    covered: dict[Interval, list[Run]] = defaultdict(list)
    for run in sorted(found.runs, key=lambda run: (run.run_type in SCHEDULED, run.run_after, run.run_id)):
        covered[period(schedule, found.dag.interval(run))].append(run)
    return dict(sorted(covered.items()))


def _runs(declared: Sequence[DagRuns]) -> Iterator[RunOfPipeline]:
    """Each run of a DAG once, with the schedule that the first of its teams declares."""
    dag = declared[0].dag
    others = tuple(sorted({each.dag.team for each in declared} - {dag.team}))
    for run in sorted(declared[0].runs, key=lambda run: (run.run_after, run.run_id)):
        interval = dag.interval(run)
        covered = period(dag.schedule, interval)
        yield RunOfPipeline(
            dag_id=dag.dag_id,
            run_id=run.run_id,
            team=dag.team,
            other_teams=others,
            pipeline=dag.pipeline,
            period_start=covered.start,
            period_end=covered.end,
            due=scheduled_time(interval) if run.run_type in SCHEDULED else run.run_after,
            state=run.state,
            start=run.start_date,
            end=run.end_date,
        )


def _landings(found: DagRuns, runs: Sequence[Run], now: datetime) -> Iterator[Landing]:
    """One landing per asset for the period of these runs: its first success, which ends waits."""
    last, schedule = runs[-1], found.dag.schedule
    interval = found.dag.interval(last)
    for asset, producer in found.dag.assets.items():
        tasks = [task for run in runs if (task := found.tasks.get((run.run_id, producer.task_id)))]
        if not tasks:  # the DAG did not produce it yet
            continue
        made = [(task.end_date, task.run_id) for task in tasks if task.state == SUCCESS and task.end_date]
        landed, run_id = min(made) if made else (None, last.run_id)
        # An SLO applies to scheduled periods only, not to manual runs of other periods.
        due = ready_by(producer, interval) if last.run_type in SCHEDULED else None
        yield Landing(
            team=found.dag.team,
            asset=asset,
            pipeline=found.dag.pipeline,
            dag_id=found.dag.dag_id,
            run_id=run_id,
            period_start=period(schedule, interval).start,
            due=due,
            landed=landed,
            met=_met(due, landed, now),
        )


def _met(due: datetime | None, landed: datetime | None, now: datetime) -> bool | None:
    if due is None or (landed is None and now <= due):
        return None
    return landed is not None and landed <= due


def _waits(found: DagRuns, runs_of: Mapping[str, Mapping[Interval, Sequence[Run]]]) -> Iterator[WaitInRun]:
    for run in sorted(found.runs, key=lambda run: (run.run_after, run.run_id)):
        for wait in found.dag.waits:
            sensor = found.tasks.get((run.run_id, wait.task_id))
            if sensor is not None and sensor.start_date is not None and not _is_short(sensor):
                producers = runs_of.get(wait.producer.dag_id, {})
                until = _until(wait, run, sensor, found.dag.wait_timeout_seconds)
                yield _wait(wait, run, sensor, producers, until)


def _is_short(sensor: TaskInstance) -> bool:
    start, end = sensor.start_date, sensor.end_date
    return sensor.state == SUCCESS and start is not None and end is not None and end - start < SHORT


def _wait(
    wait: Wait,
    run: Run,
    sensor: TaskInstance,
    producers: Mapping[Interval, Sequence[Run]],
    until: datetime | None,
) -> WaitInRun:
    awaited, producer = awaited_by(wait, run), wait.producer
    return WaitInRun(
        dag_id=wait.dag_id,
        run_id=run.run_id,
        task_id=wait.task_id,
        team=wait.team,
        producer_team=wait.asset.team,
        producer_asset=wait.asset.asset,
        producer_dag_id=producer.dag_id,
        producer_task_id=producer.task_id,
        producer_run_id=_last_run(producers.get(awaited.period, ())),
        state=sensor.state or "none",
        start=sensor.start_date,
        end=sensor.end_date if sensor.state in OVER else None,
        until=until,
    )


def _until(wait: Wait, run: Run, sensor: TaskInstance, timeout: int | None) -> datetime | None:
    if sensor.start_date is None:
        return None
    return known_deadline(timeout, wait.producer, awaited_by(wait, run).interval, sensor.start_date)


def _last_run(runs: Sequence[Run]) -> str | None:
    return runs[-1].run_id if runs else None

"""Plans and starts Airflow backfills of several teams, producers first."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from dbt_scheduler.airflow_api.answers import Backfill, Run, RunKey
from dbt_scheduler.airflow_api.client import BACKFILL_SECONDS, AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.operations import EACH_SECONDS
from dbt_scheduler.operations.order import in_order
from dbt_scheduler.registry.entry import Entry, dag_ids_of, schedules_of
from dbt_scheduler.registry.lookup.search import unknown_team
from dbt_scheduler.schedule import Interval, next_tick, run_interval, scheduled_time
from dbt_scheduler.schedule.text import format_utc
from dbt_scheduler.schedule.time_zones import SMALLEST_STEP
from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.run_interval import BACKFILL
from dbt_scheduler.waits.wait import Wait, registered_waits


class DagBackfill(msgspec.Struct, frozen=True):
    """The backfill of a DAG with the dates of its runs; without dates if it is ``going_on`` in Airflow already.

    ``waits`` are the dependencies of its runs on other DAGs, in this backfill or not. Runs of a ``paused`` DAG do not
    start.
    """

    team: str
    dag_id: str
    dates: tuple[datetime, ...]
    waits: tuple[Wait, ...]
    going_on: bool
    paused: bool


class Plan(msgspec.Struct, frozen=True):
    """The backfills in start order, and why each other DAG has no run to create."""

    backfills: tuple[DagBackfill, ...]
    left_out: Mapping[str, str]


class Progress(msgspec.Struct, frozen=True):
    """The progress of backfills: the numbers of runs and finished runs, the failed runs, and whether all is done."""

    runs: int
    over: int
    failed: tuple[RunKey, ...]
    done: bool


def plan_backfill(
    api: AirflowApi, entries: Mapping[str, Entry], teams: Sequence[str], request: "Request"
) -> Plan:
    """The runs to create in the DAGs of these teams, producers first.

    Any order is valid for teams that depend on each other: each run waits for the runs that it needs, including those
    that are backfilled later.

    Raises:
        UsageError: a team has no DAG or is not in the registry, its DAG is not in Airflow, or Airflow is running
            another backfill of the DAG.

    """
    owned = {dag: team for team in teams for dag in _dags_of(team, entries)}
    waits: dict[str, list[Wait]] = {dag: [] for dag in owned}
    for wait in registered_waits(entries):
        if wait.dag_id in waits:
            waits[wait.dag_id].append(wait)
    needs = {dag: {wait.producer.dag_id for wait in waits[dag]} for dag in owned}
    order, _ = in_order(sorted(owned), needs)
    planned = [_of_dag(api, (owned[dag], dag), waits[dag], request) for dag in order]
    now = datetime.now(UTC)
    return Plan(
        tuple(each for each in planned if each.dates or each.going_on),
        {
            each.dag_id: _why_none(schedules_of(entries[each.team])[each.dag_id], request.dates, now)
            for each in planned
            if not (each.dates or each.going_on)
        },
    )


class Request(msgspec.Struct, frozen=True):
    """The dates to backfill, and which existing runs to repeat: ``none``, ``failed`` or ``completed`` ones."""

    dates: Interval
    reprocess: str
    max_active_runs: int


def start(api: AirflowApi, backfill: DagBackfill, request: Request) -> None:
    """Start the backfill of a DAG, unless it is already running."""
    if not backfill.going_on:
        api.make_backfill(_body(backfill.dag_id, request))


def look(api: AirflowApi, backfills: Sequence[DagBackfill], dates: Interval) -> Progress:
    """The progress of these backfills, each of which had all of its runs created at its start.

    There may be fewer than planned, if runs were created by others or deleted in the meantime.
    """
    found = api.runs(
        RunFilter(
            dag_ids=sorted(each.dag_id for each in backfills), dated_since=dates.start, dated_until=dates.end
        )
    )
    made = {each.dag_id: None if each.going_on else each.dates for each in backfills}
    runs = [run for run in found if run.run_type == BACKFILL and _is_of(run, made[run.dag_id])]
    failed = tuple(sorted(run.key for run in runs if run.state == "failed"))
    over, planned = sum(run.over for run in runs), sum(len(each.dates) for each in backfills)
    done = over == len(runs) and (
        len(runs) >= planned or not any(api.current_backfill(each.dag_id) for each in backfills)
    )
    return Progress(len(runs), over, failed, done)


def _is_of(run: Run, dates: Sequence[datetime] | None) -> bool:
    """Whether a run is part of the backfill; for one that was already running, the dates are unknown."""
    return dates is None or run.logical_date in dates


def _dags_of(team: str, entries: Mapping[str, Entry]) -> Iterator[str]:
    if team not in entries:
        raise unknown_team(team, set(entries))
    if not entries[team].pipelines:
        raise UsageError(f"team {team} has no DAG", "none of its nodes or tasks has a pipeline")
    yield from dag_ids_of(entries[team])


def _of_dag(api: AirflowApi, dag: tuple[str, str], waits: Sequence[Wait], request: Request) -> DagBackfill:
    team, name = dag
    api.allow(EACH_SECONDS + BACKFILL_SECONDS)
    found = api.dag(name)
    if found is None:
        raise UsageError(f"DAG {name} of team {team} not found in Airflow", "deploy the output of `compile`")
    current = api.current_backfill(name)
    if current is not None and not _is_same(current, request.dates):
        raise UsageError(
            f"a backfill of {name} for other dates is already running",
            "wait until it finishes, or cancel it in Airflow",
        )
    dates = () if current else api.backfill_dates(_body(name, request))
    return DagBackfill(team, name, dates, tuple(waits), going_on=current is not None, paused=found.is_paused)


def _why_none(schedule: Schedule, dates: Interval, now: datetime) -> str:
    """Why Airflow creates no run whose data interval starts on these dates."""
    # Airflow backfills dates before the start date, too.
    first = run_interval(schedule, next_tick(schedule, dates.start - SMALLEST_STEP))
    if first.start > dates.end:
        return "its schedule has no run on these dates"
    due = scheduled_time(first)
    return "all runs already exist" if due <= now else f"its first run is due at {format_utc(due)} UTC"


def _is_same(backfill: Backfill, dates: Interval) -> bool:
    return (backfill.from_date, backfill.to_date) == (dates.start, dates.end)


def _body(dag: str, request: Request) -> dict[str, object]:
    return {
        "dag_id": dag,
        "from_date": request.dates.start.isoformat(),
        "to_date": request.dates.end.isoformat(),
        "reprocess_behavior": request.reprocess,
        "max_active_runs": request.max_active_runs,
    }

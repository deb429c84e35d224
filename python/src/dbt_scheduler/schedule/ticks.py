"""The run times of a pipeline: Airflow's CronDataIntervalTimetable without Airflow.

All returned instants are plain datetimes in UTC; arguments may be any aware datetime.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from dbt_scheduler.schedule import cron
from dbt_scheduler.schedule.time_zones import SMALLEST_STEP, load_zone, to_instant, to_utc, wall_time
from dbt_scheduler.spec import Schedule


class Interval(msgspec.Struct, frozen=True, order=True):
    """A data interval or period, from ``start`` to ``end`` (exclusive), in UTC."""

    start: datetime
    end: datetime


def next_tick(schedule: Schedule, after: datetime) -> datetime:
    """The first tick after ``after``; Airflow's ``_get_next``."""
    after, where, ticks = to_utc(after), load_zone(schedule.timezone), cron.parse(schedule.cron)
    wall = wall_time(after, where)
    tick = cron.tick_after(ticks, wall)
    # For hourly crons, Airflow counts elapsed time: a repeated hour gets two runs.
    return after + (tick - wall) if ticks.every_hour else to_instant(tick, where)


def previous_tick(schedule: Schedule, before: datetime) -> datetime:
    """The last tick before ``before``; Airflow's ``_get_prev``.

    Like Airflow's, it may return ``before`` itself or a later tick in an hour that the clock skips or repeats.
    """
    before, where, ticks = to_utc(before), load_zone(schedule.timezone), cron.parse(schedule.cron)
    wall = wall_time(before, where)
    tick = cron.tick_before(ticks, wall)
    return before - (wall - tick) if ticks.every_hour else to_instant(tick, where)


def last_tick(schedule: Schedule, until: datetime) -> datetime:
    """The last tick at or before ``until``; Airflow's ``_align_to_prev``."""
    until = to_utc(until)
    tick = previous_tick(schedule, until)
    return until if next_tick(schedule, tick) == until else tick


def newest_tick(schedule: Schedule, until: datetime) -> datetime:
    """The last tick at or before ``until``, an instant in UTC, also within a repeated hour."""
    tick = previous_tick(schedule, until + SMALLEST_STEP)
    while tick > until:  # In a repeated hour, the tick is in its second half.
        tick = previous_tick(schedule, tick)
    return tick


def run_interval(schedule: Schedule, tick: datetime) -> Interval:
    """The data interval of the scheduled run that starts at a tick; the tick is its logical date."""
    return Interval(to_utc(tick), next_tick(schedule, tick))


def manual_interval(schedule: Schedule, run_after: datetime) -> Interval:
    """The data interval of a manual run; Airflow's ``infer_manual_data_interval``."""
    end = last_tick(schedule, run_after)
    return Interval(previous_tick(schedule, end), end)


def scheduled_time(interval: Interval) -> datetime:
    """When a run is due: the end of its data interval."""
    return interval.end


def first_instant(schedule: Schedule) -> datetime:
    """The start date as an instant: no scheduled run has an earlier data interval.

    Raises ValueError if it is not an ISO date or datetime.
    """
    start = datetime.fromisoformat(schedule.start_date)
    return to_instant(start, load_zone(schedule.timezone)) if start.tzinfo is None else to_utc(start)


def before_start(schedule: Schedule, interval: Interval) -> bool:
    """Whether a run is before the pipeline's start date, so that Airflow never schedules it."""
    return to_utc(interval.start) < first_instant(schedule)


def runs_due_from(schedule: Schedule, start: datetime) -> Iterator[Interval]:
    """The scheduled runs due at or after a moment, in order, without end."""
    first = next(
        run for run in _runs(schedule, _two_ticks_before(schedule, start)) if scheduled_time(run) >= start
    )
    for run in _runs(schedule, first.start):
        if not before_start(schedule, run):
            yield run


def next_run(schedule: Schedule, after: datetime) -> Interval:
    """The first scheduled run due after a moment."""
    return next(runs_due_from(schedule, after + SMALLEST_STEP))


def _two_ticks_before(schedule: Schedule, moment: datetime) -> datetime:
    # Two, because in a repeated hour the previous tick may be a later one; see previous_tick.
    tick = previous_tick(schedule, previous_tick(schedule, moment) - SMALLEST_STEP)
    return tick if tick < moment else previous_tick(schedule, tick - timedelta(hours=3))


def _runs(schedule: Schedule, tick: datetime) -> Iterator[Interval]:
    run = run_interval(schedule, tick)
    while True:
        yield run
        run = run_interval(schedule, run.end)

"""When the runs of a pipeline are: Airflow's CronDataIntervalTimetable without Airflow.

All instants that are returned are plain datetimes in UTC; any aware datetime may be given.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from dbt_scheduler.schedule import cron
from dbt_scheduler.schedule.time_zones import SMALLEST_STEP, load_zone, to_instant, to_utc, wall_time
from dbt_scheduler.spec import Schedule


class Interval(msgspec.Struct, frozen=True, order=True):
    """From ``start`` up to but without ``end``, in UTC: a run's data interval, or a period."""

    start: datetime
    end: datetime


def next_tick(schedule: Schedule, after: datetime) -> datetime:
    """The first tick later than ``after``; Airflow's ``_get_next``."""
    after, where, ticks = to_utc(after), load_zone(schedule.timezone), cron.parse(schedule.cron)
    wall = wall_time(after, where)
    tick = cron.tick_after(ticks, wall)
    # Where a cron ticks each hour Airflow counts elapsed time: an hour that comes twice gets two runs.
    return after + (tick - wall) if ticks.every_hour else to_instant(tick, where)


def previous_tick(schedule: Schedule, before: datetime) -> datetime:
    """The last tick earlier than ``before``; Airflow's ``_get_prev``.

    Like Airflow's it may return ``before`` itself, or a later one, in an hour that the clock skips or
    repeats.
    """
    before, where, ticks = to_utc(before), load_zone(schedule.timezone), cron.parse(schedule.cron)
    wall = wall_time(before, where)
    tick = cron.tick_before(ticks, wall)
    return before - (wall - tick) if ticks.every_hour else to_instant(tick, where)


def last_tick(schedule: Schedule, until: datetime) -> datetime:
    """The last tick that is not later than ``until``; Airflow's ``_align_to_prev``."""
    until = to_utc(until)
    tick = previous_tick(schedule, until)
    return until if next_tick(schedule, tick) == until else tick


def newest_tick(schedule: Schedule, until: datetime) -> datetime:
    """The last tick that is really not later than ``until``, an instant in UTC: in a repeated hour too."""
    tick = previous_tick(schedule, until + SMALLEST_STEP)
    while tick > until:  # In an hour that the clock repeats, the tick is in its second half.
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
    """When a run is due to start: the end of its data interval."""
    return interval.end


def first_instant(schedule: Schedule) -> datetime:
    """The start date as an instant: no scheduled run's data interval starts earlier.

    Raises ValueError if it is no ISO date or datetime.
    """
    start = datetime.fromisoformat(schedule.start_date)
    return to_instant(start, load_zone(schedule.timezone)) if start.tzinfo is None else to_utc(start)


def before_start(schedule: Schedule, interval: Interval) -> bool:
    """Whether a run lies before the pipeline's start date, so that Airflow never schedules it."""
    return to_utc(interval.start) < first_instant(schedule)


def runs_due_from(schedule: Schedule, start: datetime) -> Iterator[Interval]:
    """The scheduled runs that are due at a moment or later, in order and without end."""
    first = next(
        run for run in _runs(schedule, _two_ticks_before(schedule, start)) if scheduled_time(run) >= start
    )
    for run in _runs(schedule, first.start):
        if not before_start(schedule, run):
            yield run


def next_run(schedule: Schedule, after: datetime) -> Interval:
    """The first scheduled run that is due later than a moment."""
    return next(runs_due_from(schedule, after + SMALLEST_STEP))


def _two_ticks_before(schedule: Schedule, moment: datetime) -> datetime:
    # Two, because in an hour that the clock repeats the previous tick may be a later one. See previous_tick.
    tick = previous_tick(schedule, previous_tick(schedule, moment) - SMALLEST_STEP)
    return tick if tick < moment else previous_tick(schedule, tick - timedelta(hours=3))


def _runs(schedule: Schedule, tick: datetime) -> Iterator[Interval]:
    run = run_interval(schedule, tick)
    while True:
        yield run
        run = run_interval(schedule, run.end)

"""The calendar period that a run covers: grains, and their meaning at clock changes.

Up to an hour, a grain divides elapsed time: a repeated hour is two periods, because it has two runs, and each clock
change starts a new period. Above an hour, a grain divides wall clock time: the length of a period changes with the
clock. Periods are contiguous, and ``validation`` rejects every pipeline with a period that has no run or two.
"""

import re
from datetime import datetime, time, timedelta, tzinfo
from functools import lru_cache

from dbt_scheduler.schedule.ticks import Interval, next_tick, previous_tick, run_interval
from dbt_scheduler.schedule.time_zones import (
    SMALLEST_STEP,
    first_occurrence,
    load_zone,
    offset_at,
    offset_change_between,
    to_utc,
    wall_time,
)
from dbt_scheduler.spec import Schedule

MINUTES_OF_DAY = 24 * 60
_STEP = re.compile(r"(?:(\d{1,4}) )?(minute|hour)s?")


@lru_cache(maxsize=64)
def step_minutes(grain: str) -> int | None:
    """The length of a grain in minutes; None for a week and a month. Raises ValueError with the reason."""
    if grain in ("week", "month"):
        return None
    if grain == "day":
        return MINUTES_OF_DAY
    found = _STEP.fullmatch(grain)
    if not found:
        raise ValueError("is unknown")
    step = int(found[1] or 1) * (60 if found[2] == "hour" else 1)
    if not step or MINUTES_OF_DAY % step:
        raise ValueError("does not divide a day evenly")
    return step


def period(schedule: Schedule, interval: Interval) -> Interval:
    """The period that a run covers: that of the grain at the start of its data interval, or else the data interval."""
    start, end = to_utc(interval.start), to_utc(interval.end)
    if schedule.grain is None:
        return Interval(start, end)
    covered = period_at(schedule, start)
    if end == start == previous_tick(schedule, start):
        # After a tick that the clock skipped, Airflow infers an empty interval for a manual run that starts at the
        # end of the intended one.
        return period_at(schedule, covered.start - SMALLEST_STEP)
    return covered


def period_at(schedule: Schedule, instant: datetime) -> Interval:
    """The period of the schedule's grain that contains an instant in UTC; requires a grain."""
    return _period_at(schedule.grain or "day", load_zone(schedule.timezone), instant)


def run_of(schedule: Schedule, covered: Interval) -> Interval:
    """The scheduled run of a period of the schedule's grain: that of the tick in it."""
    return run_interval(schedule, next_tick(schedule, covered.start - SMALLEST_STEP))


def calendar_start(grain: str, wall: datetime) -> datetime:
    """The wall clock time at which the period of a grain that contains ``wall`` starts."""
    midnight = datetime.combine(wall.date(), time())
    if grain == "month":
        return midnight.replace(day=1)
    if grain == "week":
        return midnight - timedelta(days=wall.weekday())
    step = step_minutes(grain) or MINUTES_OF_DAY
    return midnight + timedelta(minutes=(wall.hour * 60 + wall.minute) // step * step)


def calendar_next(grain: str, start: datetime) -> datetime:
    """The wall clock time at which the period after the one that starts at ``start`` starts."""
    if grain == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + (timedelta(days=7) if grain == "week" else timedelta(minutes=step_minutes(grain) or 0))


@lru_cache(maxsize=4096)
def _period_at(grain: str, where: tzinfo, instant: datetime) -> Interval:
    wall = wall_time(instant, where)
    start = calendar_start(grain, wall)
    end = calendar_next(grain, start)
    if end - start <= timedelta(hours=1):
        return _elapsed(instant - (wall - start), instant, instant + (end - wall), where)
    # The period may end at or before the instant: at a day skipped at the date line, or a repeated midnight.
    while (last := first_occurrence(end, where)) <= instant:
        start, end = end, calendar_next(grain, end)
    return Interval(first_occurrence(start, where), last)


def _elapsed(start: datetime, instant: datetime, end: datetime, where: tzinfo) -> Interval:
    """From ``start`` to ``end``, or on either side only to a clock change between it and the instant."""
    offset = offset_at(instant, where)
    if offset_at(start, where) != offset:
        start = offset_change_between(start, instant, where)
    if offset_at(end - SMALLEST_STEP, where) != offset:
        end = offset_change_between(instant, end, where)
    return Interval(start, end)

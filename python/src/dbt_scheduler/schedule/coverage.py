"""Checks that the runs of a pipeline cover each period exactly once; otherwise finds the first counterexample."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.schedule import cron
from dbt_scheduler.schedule.periods import (
    MINUTES_OF_DAY,
    calendar_next,
    calendar_start,
    period_at,
    step_minutes,
)
from dbt_scheduler.schedule.ticks import first_instant, last_tick, next_tick, previous_tick
from dbt_scheduler.schedule.time_zones import SMALLEST_STEP, load_zone, offset_changes, wall_time
from dbt_scheduler.spec import Schedule

_YEARS_UNTIL_WEEKDAYS_REPEAT, _YEARS_UNTIL_DATES_REPEAT = 28, 4
# Today's time zone rules are checked for old start dates too.
_RULES_OF_TODAY = 2026
_NEAR = timedelta(hours=3)  # more than any single clock change, except at the date line


def grain_problem(schedule: Schedule) -> str | None:
    """A sentence about the first period of the grain with no tick or several, without clock changes; else None."""
    if schedule.grain is None:
        return None
    ticks, step = cron.parse(schedule.cron), step_minutes(schedule.grain)
    began = wall_time(first_instant(schedule), load_zone(schedule.timezone)).date()
    uneven = _uneven_day(ticks, step, began) if step else _uneven_calendar(ticks, schedule.grain, began)
    if not uneven:
        return None
    return (
        f'cron "{schedule.cron}" {uneven}, but grain "{schedule.grain}" requires exactly one run per '
        f"period: {_advice(ticks)}"
    )


def clock_problem(schedule: Schedule) -> str | None:
    """A sentence about the first clock change that the cron does not support; None if it supports all."""
    ticks, where, start = cron.parse(schedule.cron), load_zone(schedule.timezone), first_instant(schedule)
    last_year = max(start.year, _RULES_OF_TODAY) + _YEARS_UNTIL_WEEKDAYS_REPEAT
    seen = set()
    for change in offset_changes(where, start.year, last_year):
        shown, set_to = wall_time(change - SMALLEST_STEP, where) + SMALLEST_STEP, wall_time(change, where)
        # For a cron that runs every day, a change at the same hour always has the same effect.
        kind = (shown.time(), set_to - shown, ticks.days and shown)
        if change < start or kind in seen:
            continue
        seen.add(kind)
        clock, day = f"the clocks change in {schedule.timezone}", shown.date()
        skipped = cron.tick_after(ticks, shown - SMALLEST_STEP)
        if skipped < set_to and _is_for_days(schedule) and not ticks.every_hour:
            return (
                f'cron "{schedule.cron}" runs at {skipped:%H:%M}, which is skipped when {clock} on {day}: choose '
                "another time of day, or timezone UTC"
            )
        even = (_is_once_each if schedule.grain else _is_reversible)(schedule, change)
        if not even or not _is_walked_through(schedule, change):
            return (
                f'cron "{schedule.cron}" would skip or repeat runs when {clock} on {day}: '
                "choose other times, or timezone UTC"
            )
    return None


def _uneven_day(ticks: cron.Cron, step: int, began: date) -> str | None:
    if ticks.days:
        for day in (began + timedelta(days=n) for n in range(_YEARS_UNTIL_DATES_REPEAT * 366)):
            if cron.day_from(ticks, day) != day:
                return f"does not run on {day:%A} {day}"
    per_period = Counter(minute // step for minute in ticks.minutes)
    for at in range(MINUTES_OF_DAY // step):
        if per_period[at] != 1:
            return f"{_times(per_period[at])} between {_clock(at * step)} and {_clock((at + 1) * step)}"
    return None


def _uneven_calendar(ticks: cron.Cron, grain: str, began: date) -> str | None:
    if len(ticks.minutes) != 1:
        return f"{_times(len(ticks.minutes))} on each of its days"
    start = calendar_start(grain, datetime.combine(began, time()))
    last = start + timedelta(days=366 * _years_until_repeat(ticks))
    while start < last:
        following = calendar_next(grain, start)
        tick, count = cron.tick_after(ticks, start - SMALLEST_STEP), 0
        while tick < following:
            tick, count = cron.tick_after(ticks, tick), count + 1
        if count != 1:
            return f"{_times(count)} in the {grain} of {start.date()}"
        start = following
    return None


def _years_until_repeat(ticks: cron.Cron) -> int:
    of_month, month, of_week = (ticks.days or "0 0 * * *").split()[2:]
    if of_week == "*":
        return _YEARS_UNTIL_DATES_REPEAT
    return 1 if of_month == month == "*" and of_week.isdecimal() else _YEARS_UNTIL_WEEKDAYS_REPEAT


def _advice(ticks: cron.Cron) -> str:
    count = len(ticks.minutes)
    step = MINUTES_OF_DAY // count
    if (
        ticks.days
        or MINUTES_OF_DAY % count
        or [minute // step for minute in ticks.minutes] != [*range(count)]
    ):
        return "change the cron, or remove the grain: each run then covers the time until the next run"
    named = {60: "hour", MINUTES_OF_DAY: "day"}
    fitting = f"{step // 60} hours" if step % 60 == 0 else f"{step} minutes"
    return f'change the cron, or use grain "{named.get(step, fitting)}"'


def _is_for_days(schedule: Schedule) -> bool:
    """Whether a tick that the clock skips is a lost run: with a grain of a day or more, or without one."""
    return (step_minutes(schedule.grain or "day") or MINUTES_OF_DAY) >= MINUTES_OF_DAY


def _is_once_each(schedule: Schedule, change: datetime) -> bool:
    """Whether each period around a clock change has exactly one tick."""
    step = timedelta(minutes=step_minutes(schedule.grain or "day") or MINUTES_OF_DAY)
    tick = previous_tick(schedule, change - max(step, _NEAR))
    now = period_at(schedule, tick)
    while now.start <= change + _NEAR:
        tick = next_tick(schedule, tick)
        following = period_at(schedule, tick)
        if following.start != now.end:
            return False
        now = following
    return True


def _is_reversible(schedule: Schedule, change: datetime) -> bool:
    """Whether Airflow finds the same ticks around a clock change in both directions."""
    pairs = _ticks_around(schedule, change)
    return all(previous_tick(schedule, following) == tick for tick, following in pairs)


def _is_walked_through(schedule: Schedule, change: datetime) -> bool:
    """Whether Airflow's scheduler advances from run to run around a clock change.

    It aligns the end of the last run with the cron before it searches for the next (``next_dagrun_info`` of
    CronDataIntervalTimetable), and stops for good if that does not pass the start of the last run.
    """
    pairs = _ticks_around(schedule, change)
    return all(last_tick(schedule, following) == following for _, following in pairs)


def _ticks_around(schedule: Schedule, change: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The ticks around a clock change, each with the next one."""
    tick = previous_tick(schedule, change - _NEAR)
    while tick <= change + _NEAR:
        following = next_tick(schedule, tick)
        yield tick, following
        tick = following


def _times(count: int) -> str:
    return f"runs {format_count(count, 'time')}" if count else "does not run"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"

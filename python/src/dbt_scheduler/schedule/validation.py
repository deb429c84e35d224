"""Validates the schedule of a pipeline; each problem is a sentence that ends with how to fix it."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import available_timezones

from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.schedule import cron
from dbt_scheduler.schedule.coverage import clock_problem, grain_problem
from dbt_scheduler.schedule.periods import step_minutes
from dbt_scheduler.schedule.time_zones import load_zone
from dbt_scheduler.spec import DagSpec, Schedule

_FIRST_YEAR, _LAST_YEAR = 1970, 2099
_LONGEST_CRON = 500
"""The longest useful expression, with each minute, hour, day and month listed, has 380 characters."""


def alignment_problems(schedule: Schedule) -> list[str]:
    """The problems that prevent a pipeline's runs from covering one period each.

    If it is empty, the following holds from the start date on, including clock changes: with a grain, every period has
    exactly one scheduled run; without one, Airflow finds the same runs in both directions.
    """
    return list(_problems(schedule))


@lru_cache(maxsize=256)
def unreadable_part(schedule: Schedule) -> str | None:
    """What is wrong with the first invalid field of a schedule, without advice; None if all are valid."""
    return next((what for what, _ in _unread(schedule)), None)


def unusable_schedule(spec: DagSpec) -> str | None:
    """The first invalid schedule of a spec, its own or a producer's, as the end of a sentence; None if all are valid."""
    schedules = (spec.schedule, *(sensor.producer.schedule for sensor in spec.sensors))
    reason = next(filter(None, map(unreadable_part, schedules)), None)
    return f"has an unsupported schedule: {reason}" if reason else None


@lru_cache(maxsize=256)
def _problems(schedule: Schedule) -> tuple[str, ...]:
    found = tuple(f"{what}: {advice}" for what, advice in _unread(schedule))
    if found:
        return found
    uneven = grain_problem(schedule) or clock_problem(schedule)
    return (uneven,) if uneven else ()


def _unread(schedule: Schedule) -> Iterator[tuple[str, str]]:
    """Each invalid field, and how to fix it."""
    yield from _cron(schedule)
    yield from _timezone(schedule)
    yield from _start_date(schedule)
    yield from _grain(schedule)


def _cron(schedule: Schedule) -> Iterator[tuple[str, str]]:
    if len(schedule.cron) > _LONGEST_CRON:
        start = schedule.cron[:20]
        yield (
            f'cron "{start}…" has more than {_LONGEST_CRON} characters',
            'use ranges and steps, such as "*/5"',
        )
        return
    try:
        cron.day_from(cron.parse(schedule.cron), date(_FIRST_YEAR, 1, 1))
    except ValueError as reason:
        yield (
            f'cron "{schedule.cron}" {reason}',
            'set minute, hour, day of the month, month and day of the week, such as "10 0 * * *"',
        )


def _timezone(schedule: Schedule) -> Iterator[tuple[str, str]]:
    try:
        load_zone(schedule.timezone)
    except (KeyError, ValueError, OSError):  # ZoneInfo's errors: unknown, not a name, a folder
        similar = did_you_mean(schedule.timezone, available_timezones())
        advice = similar or 'use a name such as "Europe/Vilnius" or "UTC"'
        yield f'timezone "{schedule.timezone}" is unknown', advice


def _start_date(schedule: Schedule) -> Iterator[tuple[str, str]]:
    try:
        year = datetime.fromisoformat(schedule.start_date).year
    except ValueError:
        yield (
            f'start_date "{schedule.start_date}" is not a valid date',
            "use the format 2025-01-01 or 2025-01-01T06:00:00",
        )
    else:
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            years = f"from {_FIRST_YEAR} to {_LAST_YEAR}"
            yield f'start_date "{schedule.start_date}" is out of range', f"choose a year {years}"


def _grain(schedule: Schedule) -> Iterator[tuple[str, str]]:
    try:
        step_minutes(schedule.grain or "day")
    except ValueError as reason:
        yield (
            f'grain "{schedule.grain}" {reason}',
            'use "hour", "day", "week", "month", or a number of minutes or hours that divides a day evenly, such as '
            '"15 minutes" or "4 hours"',
        )

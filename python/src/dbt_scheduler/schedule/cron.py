"""Cron expressions as Airflow interprets them: minutes and days, without a time zone.

croniter parses the expression, so the syntax is Airflow's. The search is implemented here: croniter needs 0.2 ms per
tick, and the checks compare years of ticks.
"""

import re
from bisect import bisect_left, bisect_right
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import msgspec
from croniter import croniter  # type: ignore[import-untyped] # it ships no types

from dbt_scheduler.findings.plural import format_count

# airflow.utils.dates.cron_presets; croniter's further aliases are not supported by Airflow.
_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_ANY = ["*"]
_MONTHS_BETWEEN_TICKS = 50 * 12  # croniter's own limit for its search
# croniter chooses "H" and "R" at random in each process, so processes would disagree on the schedule.
_CHOSEN_BY_CRONITER = re.compile(r"[hr](\W|$)", re.IGNORECASE)


class Cron(msgspec.Struct, frozen=True):
    """A parsed cron expression.

    ``minutes`` are the minutes of the day (0 to 1439), the same on each matching day. ``every_hour``: the hour is
    unrestricted, which Airflow treats differently. ``days`` is the expression for the days, ``0 0 ...``; None means
    every day.
    """

    minutes: tuple[int, ...]
    every_hour: bool
    days: str | None


@lru_cache(maxsize=256)
def parse(expression: str) -> Cron:
    """Parse five fields or one of Airflow's presets. Raises ValueError with the reason."""
    fields = _PRESETS.get(expression, expression).split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"has {format_count(len(fields), 'field')} instead of five")
    for at, field in enumerate(fields):
        alone = [*"*****"]
        alone[at] = field
        if _CHOSEN_BY_CRONITER.match(field) or not croniter.is_valid(" ".join(alone)):
            raise ValueError(f'has an invalid {_FIELDS[at]} field: "{field}"')
    cron = croniter(" ".join(fields))
    hours = range(24) if cron.expanded[1] == _ANY else sorted({int(h) for h in cron.expanded[1]})
    minutes = range(60) if cron.expanded[0] == _ANY else sorted({int(m) for m in cron.expanded[0]})
    every_day = all(field == _ANY for field in cron.expanded[2:])
    return Cron(
        minutes=tuple(hour * 60 + minute for hour in hours for minute in minutes),
        every_hour=cron.expanded[1] == _ANY,
        days=None if every_day else " ".join(["0", "0", *fields[2:]]),
    )


def tick_after(cron: Cron, wall: datetime) -> datetime:
    """The first tick after ``wall``, both naive. Raises ValueError if there is none."""
    day = wall.date()
    if cron.days is None or _ticks_on(cron.days, day):
        at = bisect_right(cron.minutes, wall.hour * 60 + wall.minute)
        if at < len(cron.minutes):
            return _on(day, cron.minutes[at])
    return _on(day_from(cron, day + timedelta(days=1)), cron.minutes[0])


def tick_before(cron: Cron, wall: datetime) -> datetime:
    """The last tick before ``wall``, both naive. Raises ValueError if there is none."""
    day = wall.date()
    if cron.days is None or _ticks_on(cron.days, day):
        begun = 1 if wall.second or wall.microsecond else 0
        at = bisect_left(cron.minutes, wall.hour * 60 + wall.minute + begun)
        if at:
            return _on(day, cron.minutes[at - 1])
    return _on(_day_until(cron, day - timedelta(days=1)), cron.minutes[-1])


def day_from(cron: Cron, day: date) -> date:
    """The first day with ticks on or after ``day``. Raises ValueError if there is none."""
    if cron.days is None:
        return day
    first = day.day
    for ahead in range(_MONTHS_BETWEEN_TICKS):
        year, month = _month(day, ahead)
        days = _days_of_month(cron.days, year, month)
        at = bisect_left(days, first)
        if at < len(days):
            return date(year, month, days[at])
        first = 1
    raise ValueError("never runs")


def _day_until(cron: Cron, day: date) -> date:
    if cron.days is None:
        return day
    last = day.day
    for back in range(_MONTHS_BETWEEN_TICKS):
        year, month = _month(day, -back)
        days = _days_of_month(cron.days, year, month)
        at = bisect_right(days, last)
        if at:
            return date(year, month, days[at - 1])
        last = 31
    raise ValueError("never ran")


def _month(day: date, ahead: int) -> tuple[int, int]:
    year, month = divmod(day.year * 12 + day.month - 1 + ahead, 12)
    return year, month + 1


def _ticks_on(days: str, day: date) -> bool:
    return day.day in _days_of_month(days, day.year, day.month)


def _on(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60))


@lru_cache(maxsize=2048)
def _days_of_month(days: str, year: int, month: int) -> tuple[int, ...]:
    cron = _read(days)
    if cron.nth_weekday_of_month or getattr(cron, "nearest_weekday", None):  # "1#2" and "15W": croniter's
        return _days_by_croniter(days, year, month)
    _, _, of_month, months, of_week = cron.expanded
    if months != _ANY and month not in months:
        return ()
    first_weekday, length = monthrange(year, month)
    wanted = {length if day == "l" else day for day in of_month}
    matching = []
    for day in range(1, length + 1):
        in_month = of_month == _ANY or day in wanted
        in_week = of_week == _ANY or (first_weekday + day) % 7 in of_week
        # As in cron: if both fields are restricted, one must match.
        either = _ANY not in (of_month, of_week)
        if (in_month or in_week) if either else (in_month and in_week):
            matching.append(day)
    return tuple(matching)


@lru_cache(maxsize=256)
def _read(expression: str) -> croniter:
    return croniter(expression)


def _days_by_croniter(days: str, year: int, month: int) -> tuple[int, ...]:
    tick = datetime(year, month, 1) - timedelta(minutes=1)
    cron, matching = croniter(days, tick), []
    while (tick := cron.get_next(datetime)) and (tick.year, tick.month) == (year, month):
        matching.append(tick.day)
    return tuple(matching)

"""Formats times for people: in UTC or a pipeline's time zone, and when an asset is ready."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.schedule import cron
from dbt_scheduler.schedule.durations import format_duration
from dbt_scheduler.spec import Schedule

_SINCE = datetime(2024, 1, 1)
_TICKS = 14
_WEEK = timedelta(weeks=1)


def format_utc(moment: datetime) -> str:
    """``2025-09-09 00:10`` in UTC; seconds are shown if they are not zero."""
    there = moment.astimezone(UTC)
    return f"{there:%Y-%m-%d %H:%M:%S}" if there.second else f"{there:%Y-%m-%d %H:%M}"


def format_local(moment: datetime, schedule: Schedule) -> str:
    """``2025-09-08 21:10 (00:10 EEST on 09-09)``: UTC, and the pipeline's time zone if it differs."""
    return f"{format_utc(moment)}{_in_its_zone(moment, schedule)}"


def format_moment(moment: datetime, schedule: Schedule | None = None) -> str:
    """``2025-09-08 21:10 UTC (00:10 EEST on 09-09)``: the same, with UTC stated."""
    return f"{format_utc(moment)} UTC{_in_its_zone(moment, schedule) if schedule else ''}"


def _in_its_zone(moment: datetime, schedule: Schedule) -> str:
    there = moment.astimezone(ZoneInfo(schedule.timezone))
    if there.utcoffset() == moment.astimezone(UTC).utcoffset():
        return ""
    day = "" if there.date() == moment.astimezone(UTC).date() else f" on {there:%m-%d}"
    name = there.tzname() or schedule.timezone
    shown = f"UTC{name}" if name[0] in "+-" else name
    return f" ({there:%H:%M} {shown}{day})"


@lru_cache(maxsize=4096)
def format_readiness(pipeline: str, schedule: Schedule, slo_seconds: int | None) -> str:
    """The pipeline, and the time in its time zone by which an asset is due by its SLO, without clock changes.

    For irregular schedules it is the SLO after each scheduled time; without an SLO, "no SLO".
    """
    if slo_seconds is None:
        return f"{pipeline}, no SLO"
    ticks = cron.parse(schedule.cron)
    promise = timedelta(minutes=-(-slo_seconds // 60))
    words = None
    if _ticks_hourly(ticks):
        words = _in_the_hour(timedelta(minutes=ticks.minutes[0]) + promise)
    elif len(ticks.minutes) == 1:
        words = _on_the_day(ticks, promise, schedule.timezone)
    tick = f'"{schedule.cron}" {schedule.timezone}'
    return f"{pipeline}, {words or f'{format_duration(slo_seconds)} after each scheduled time ({tick})'}"


def format_schedule(schedule: Schedule) -> str:
    """When runs are due, in the pipeline's time zone: ``every day at 00:10 UTC``."""
    ticks = cron.parse(schedule.cron)
    if _ticks_hourly(ticks):
        return f"every hour at :{ticks.minutes[0]:02} {schedule.timezone}"
    if len(ticks.minutes) == 1:
        first = _first_ticks(ticks)
        at = f"at {first[0]:%H:%M} {schedule.timezone}"
        if ticks.days is None:
            return f"every day {at}"
        if {later - earlier for earlier, later in pairwise(first)} == {_WEEK}:
            return f"every {first[0]:%A} {at}"
        if _ticks_monthly(first):
            return f"on day {first[0].day} of each month {at}"
    return f'"{schedule.cron}" {schedule.timezone}'


def _ticks_hourly(ticks: cron.Cron) -> bool:
    return ticks.every_hour and len(ticks.minutes) == 24 and ticks.days is None  # noqa: PLR2004 - one in each hour


def _ticks_monthly(first: list[datetime]) -> bool:
    longest = max(later - earlier for earlier, later in pairwise(first))
    return len({each.day for each in first}) == 1 and longest <= timedelta(days=31)


def _in_the_hour(ready: timedelta) -> str:
    hours, rest = divmod(ready, timedelta(hours=1))
    minute = f"by :{rest // timedelta(minutes=1):02}"
    return f"{minute} {_later(hours, 'hour')}" if hours else f"{minute} of each hour"


def _on_the_day(cron_: cron.Cron, promise: timedelta, timezone: str) -> str | None:
    """For schedules that run daily, on one weekday or on one day of the month; None for others."""
    ticks = _first_ticks(cron_)
    tick, ready = ticks[0], ticks[0] + promise
    days = (ready.date() - tick.date()).days
    time = f"{ready:%H:%M} {timezone}"
    gaps = {later - earlier for earlier, later in pairwise(ticks)}
    if cron_.days is None:
        return f"by {time} {_later(days, 'day')}" if days else f"by {time}"
    if gaps == {_WEEK}:
        weeks = promise // _WEEK
        return f"by {ready:%A} {time} {_later(weeks, 'week')}" if weeks else f"by {ready:%A} {time}"
    if _ticks_monthly(ticks) and not days:
        return f"by {time} on day {tick.day} of the month"
    return None


def _first_ticks(ticks: cron.Cron) -> list[datetime]:
    found = [cron.tick_after(ticks, _SINCE)]
    while len(found) < _TICKS:
        found.append(cron.tick_after(ticks, found[-1]))
    return found


def _later(count: int, unit: str) -> str:
    return f"the next {unit}" if count == 1 else f"{format_count(count, unit)} later"

"""Moments as people read them: in UTC, and on a pipeline's own clock where that differs."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dbt_scheduler.spec import Schedule


def utc(moment: datetime) -> str:
    """``2025-09-09 00:10`` in UTC, with seconds only where there are any."""
    there = moment.astimezone(UTC)
    return f"{there:%Y-%m-%d %H:%M:%S}" if there.second else f"{there:%Y-%m-%d %H:%M}"


def on_clock(moment: datetime, schedule: Schedule) -> str:
    """``2025-09-08 21:10 (00:10 EEST on 09-09)``: the time in UTC and, if it differs, in the pipeline's zone."""
    there = moment.astimezone(ZoneInfo(schedule.timezone))
    if there.utcoffset() == moment.astimezone(UTC).utcoffset():
        return utc(moment)
    day = "" if there.date() == moment.astimezone(UTC).date() else f" on {there:%m-%d}"
    name = there.tzname() or schedule.timezone
    shown = f"UTC{name}" if name[0] in "+-" else name
    return f"{utc(moment)} ({there:%H:%M} {shown}{day})"

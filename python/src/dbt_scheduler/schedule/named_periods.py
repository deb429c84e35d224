"""Finds the run for a period given as ``2025-09-09``, ``2025-09-09T13``, ``2025-W37`` or ``2025-09``."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

import msgspec

from dbt_scheduler.schedule.periods import calendar_next, period_at, run_of
from dbt_scheduler.schedule.ticks import Interval, newest_tick, next_tick, run_interval
from dbt_scheduler.schedule.time_zones import both_folds, first_occurrence, load_zone, to_utc, wall_time
from dbt_scheduler.spec import Schedule

_FORMS = re.compile(
    r"(?P<month>[12]\d{3}-\d\d)|(?P<week>[12]\d{3}-W\d\d)|(?P<day>[12]\d{3}-\d\d-\d\d)"
    r"|[12]\d{3}-\d\d-\d\d[T ]\d\d(?P<minutes>:\d\d(?P<seconds>:\d\d)?)?(?P<offset>Z|[+-]\d\d:\d\d)?"
)
_SECOND = timedelta(seconds=1)
_SHOWN = {"month": "%Y-%m", "week": "%Y-%m-%d", "day": "%Y-%m-%d"}


class _Span(msgspec.Struct, frozen=True):
    """The named time span, from ``start`` to ``end`` (exclusive) in UTC."""

    start: datetime
    end: datetime


def named_run(schedule: Schedule, text: str) -> Interval:
    """The data interval of the scheduled run that covers a period, given in the pipeline's time zone.

    With a grain, the named span is that period or lies in it; without one, it lies in the data interval. Raises
    ValueError with a message if it is not a period, does not exist or is ambiguous because of a clock change, or is
    longer than the period of one run.
    """
    where = load_zone(schedule.timezone)
    runs = {_run_of(schedule, span, text): span for span in _spans(text, where)}
    if not runs:
        raise ValueError(f'"{text}" does not exist in {schedule.timezone}: a daylight saving change skips it')
    if len(runs) > 1:
        twice = " or ".join(span.start.astimezone(where).isoformat("T", "minutes") for span in runs.values())
        raise ValueError(
            f'"{text}" is ambiguous in {schedule.timezone}, because a daylight saving change repeats it: '
            f"use {twice}"
        )
    return next(iter(runs))


def manual_dates(schedule: Schedule, run: Interval) -> Iterator[datetime]:
    """Logical dates for a manual run of the same period as a scheduled run, one second apart.

    Airflow infers the same period for each of them, for workers that cannot read another run's data interval. None
    equals the scheduled run's: logical dates are unique.
    """
    date, last = run.end + _SECOND, next_tick(schedule, run.end)
    while date < last:
        yield date
        date += _SECOND


def _spans(text: str, where: tzinfo) -> list[_Span]:
    """The spans that a text names: one; two if the clock repeats it; none if it skips it."""
    form = _FORMS.fullmatch(text)
    try:
        moment = datetime.fromisoformat(f"{text}-01" if form and form["month"] else text)
    except ValueError:
        form = None
    if form is None:
        raise ValueError(
            f'"{text}" is not a valid period: use 2025-09-09 for a day, 2025-09-09T13 for an hour, '
            "2025-W37 for a week, 2025-09 for a month"
        )
    for grain in ("month", "week", "day"):
        if form[grain]:
            span = _Span(
                first_occurrence(moment, where), first_occurrence(calendar_next(grain, moment), where)
            )
            return [span] if span.start < span.end else []
    length = timedelta() if form["seconds"] else timedelta(minutes=1 if form["minutes"] else 60)
    instants = [to_utc(moment)] if form["offset"] else _instants(moment, where)
    return [_Span(instant, instant + length) for instant in instants]


def _instants(wall: datetime, where: tzinfo) -> list[datetime]:
    """The instants at which the clock shows a time: one, two or none."""
    return [each for each in sorted({*both_folds(wall, where)}) if wall_time(each, where) == wall]


def _run_of(schedule: Schedule, span: _Span, text: str) -> Interval:
    if schedule.grain is None:
        run = covered = _run_at(schedule, span.start)
        what, shown = "no grain: the time between two runs", "%Y-%m-%dT%H:%M"
    else:
        covered = period_at(schedule, span.start)
        run = run_of(schedule, covered)
        what = f"grain: {schedule.grain}"
        shown = _SHOWN.get(schedule.grain, "%Y-%m-%dT%H:%M")
    if span.end > covered.end:
        first = covered.start.astimezone(load_zone(schedule.timezone))
        raise ValueError(
            f'"{text}" is longer than the period of one run ({what}): choose one run, such as {first:{shown}}'
        )
    return run


def _run_at(schedule: Schedule, instant: datetime) -> Interval:
    """The scheduled run whose data interval contains an instant."""
    run = run_interval(schedule, newest_tick(schedule, instant))
    return run if instant < run.end else run_interval(schedule, run.end)

"""Aligns runs: a run waits for the producer's newest period that ends no later than its own."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice

from dbt_scheduler.schedule import cron
from dbt_scheduler.schedule.periods import period, period_at, run_of
from dbt_scheduler.schedule.ticks import Interval, newest_tick, next_tick, previous_tick, run_interval
from dbt_scheduler.schedule.time_zones import SMALLEST_STEP, load_zone, offset_changes, wall_time
from dbt_scheduler.spec import Schedule

_WEEK = timedelta(weeks=1)
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
# Runs of these years are compared; for schedules that are the same every day, only those around clock changes.
_FROM, _TO = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_AROUND_A_CHANGE = 8 * _DAY  # each weekday, and a weekend between two ticks
_LEAST_RUNS = 30
_WEEKS_IN_CADENCE = 4
_YEARS_IN_CADENCE = 28  # after that, the calendar repeats


def awaited_interval(consumer: Schedule, interval: Interval, producer: Schedule) -> Interval:
    """The data interval of the producer's run that a consumer's run waits for.

    ``interval`` is the data interval of a scheduled, backfilled or manual run. The result is that of the producer's
    scheduled run; its start is the logical date. Only the calendar decides: the run may be before the producer's start
    date (``before_start``), and may not exist yet.
    """
    return newest_run(producer, period(consumer, interval).end)


def newest_run(schedule: Schedule, instant: datetime) -> Interval:
    """The scheduled run with the newest period that ends no later than an instant in UTC."""
    if schedule.grain is None:
        end = newest_tick(schedule, instant)
        return Interval(previous_tick(schedule, end), end)
    newest = period_at(schedule, instant - SMALLEST_STEP)
    if newest.end > instant:
        newest = period_at(schedule, newest.start - SMALLEST_STEP)
    return run_of(schedule, newest)


def waiting_runs(producer: Schedule, interval: Interval, consumer: Schedule) -> Iterator[Interval]:
    """The data intervals of the consumer's scheduled runs that wait for a run of the producer, oldest first.

    The inverse of ``awaited_interval``. ``interval`` is the producer's; a manual run counts like the scheduled run of
    the same period. Without a grain, no run waits for an interval that does not span two consecutive ticks.
    """
    own = period(producer, interval)
    newest = newest_run(producer, own.end)
    if period(producer, newest) != own:
        return
    end = period(producer, run_interval(producer, newest.end)).end
    run = newest_run(consumer, own.end)
    if period(consumer, run).end < own.end:
        run = run_interval(consumer, run.end)
    while period(consumer, run).end < end:
        yield run
        run = run_interval(consumer, run.end)


def pick_pipeline(wanted: str, schedule: Schedule, available: Mapping[str, Schedule]) -> str:
    """The pipeline in which a task of pipeline ``wanted`` waits for an asset of the ``available`` pipelines.

    The pipeline of the same name; else the least frequent of those at least as frequent; else the most frequent. Ties
    are broken by name. ``available`` must not be empty.
    """
    if wanted in available:
        return wanted
    cadences = {name: cadence_seconds(available[name]) for name in sorted(available)}
    frequent = {name: each for name, each in cadences.items() if each <= cadence_seconds(schedule)}
    return max(frequent, key=frequent.__getitem__) if frequent else most_frequent(available)


def most_frequent(available: Mapping[str, Schedule]) -> str:
    """The most frequent pipeline, the first by name among equals; ``available`` must not be empty."""
    return min(sorted(available), key=lambda name: cadence_seconds(available[name]))


@lru_cache(maxsize=256)
def cadence_seconds(schedule: Schedule) -> int:
    """The mean time between runs, in seconds."""
    ticks = cron.parse(schedule.cron)
    days, count = _count_days(ticks, _WEEKS_IN_CADENCE * _WEEK)
    if count < _WEEKS_IN_CADENCE:  # Less often than weekly: months and years differ in length.
        days, count = _count_days(ticks, timedelta(days=_YEARS_IN_CADENCE * 1461 // 4))
    return round(days * 86400 / (max(count, 1) * len(ticks.minutes)))


@lru_cache(maxsize=1024)
def wait_lag_seconds(consumer: Schedule, producer: Schedule) -> int:
    """The longest time by which the awaited run is due after the consumer's run, in seconds; may be negative.

    A run is due at the end of its data interval. The maximum is taken over a sample: the runs of 2025 and 2026, at
    least 30; for schedules that are the same every day, or run more often than hourly, the runs around clock changes.
    """
    if cadence_seconds(producer) > cadence_seconds(consumer):  # The first waiting run waits longest.
        pairs = [
            (first, run)
            for run in _sample(producer, consumer)
            for first in islice(waiting_runs(producer, run, consumer), 1)
        ]
    else:
        pairs = [(run, awaited_interval(consumer, run, producer)) for run in _sample(consumer, producer)]
    return max((round((run.end - waiting.end).total_seconds()) for waiting, run in pairs), default=0)


def _sample(schedule: Schedule, other: Schedule) -> Iterator[Interval]:
    """A representative sample of a schedule's runs for comparing it with another schedule."""
    cadence = timedelta(seconds=cadence_seconds(schedule))
    same_each_day = not any(cron.parse(each.cron).days for each in (schedule, other)) and cadence <= _DAY
    if not same_each_day and cadence >= _HOUR:
        yield from _runs(schedule, _FROM - 2 * cadence, max(_TO, _FROM + _LEAST_RUNS * cadence))
        return
    around = _DAY if same_each_day else _AROUND_A_CHANGE
    for change in _kinds_of_change(schedule, other):
        yield from _runs(schedule, change - around - cadence, change + around + cadence)


def _kinds_of_change(*schedules: Schedule) -> Iterator[datetime]:
    """A regular time, and for each kind of clock change the first one."""
    yield _FROM
    zones, seen = [load_zone(schedule.timezone) for schedule in schedules], set()
    for change in sorted({each for where in zones for each in offset_changes(where, _FROM.year, _TO.year)}):
        kind = tuple(
            wall_time(at, where).time() for at in (change - SMALLEST_STEP, change) for where in zones
        )
        if _FROM <= change < _TO and kind not in seen:
            seen.add(kind)
            yield change


def _runs(schedule: Schedule, instant: datetime, until: datetime) -> Iterator[Interval]:
    """The runs from the first tick after an instant to the first that ends no earlier than another."""
    run = run_interval(schedule, next_tick(schedule, instant))
    while run.end < until:
        yield run
        run = run_interval(schedule, run.end)
    yield run


def _count_days(ticks: cron.Cron, span: timedelta) -> tuple[int, int]:
    """The number of days in a span, and of days with ticks."""
    day, last, count = _MONDAY.date(), _MONDAY.date() + span, 0
    while (day := cron.day_from(ticks, day)) < last:
        count, day = count + 1, day + timedelta(days=1)
    return span.days, count

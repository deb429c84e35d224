"""Merges data intervals into time ranges, to read them with few requests."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from dbt_scheduler.schedule import Interval


def stretches(intervals: Iterable[Interval], apart: timedelta) -> Iterator[Interval]:
    """These intervals, merged where the gap between them is at most ``apart``, oldest first."""
    current: Interval | None = None
    for each in sorted(intervals):
        if current is None:
            current = each
        elif each.start > current.end + apart:
            yield current
            current = each
        else:
            current = Interval(current.start, max(current.end, each.end))
    if current is not None:
        yield current

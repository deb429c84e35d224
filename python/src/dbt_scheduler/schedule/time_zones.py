"""Wall clocks: what they show, and when they change."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

SMALLEST_STEP = timedelta(microseconds=1)
# Shorter than the time between any two changes of a zone since 1970 (Morocco's Ramadan is the shortest).
_BETWEEN_CHANGES = timedelta(days=12)


def load_zone(name: str) -> tzinfo:
    """The time zone with that name; raises what ``ZoneInfo`` raises."""
    return UTC if name == "UTC" else ZoneInfo(name)


def to_utc(instant: datetime) -> datetime:
    """The same instant as a plain datetime: Airflow's pendulum datetimes calculate differently.

    Raises ValueError for a naive one.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone")
    if type(instant) is datetime:
        return instant.astimezone(UTC)
    return datetime.fromisoformat(instant.isoformat()).astimezone(UTC)


def wall_time(instant: datetime, where: tzinfo) -> datetime:
    """The naive wall clock time at an instant."""
    return instant.astimezone(where).replace(tzinfo=None)


def both_folds(wall: datetime, where: tzinfo) -> tuple[datetime, datetime]:
    """The instants of a wall clock time: two if it is repeated or skipped, else twice the same."""
    there = wall.replace(tzinfo=where)
    return there.replace(fold=0).astimezone(UTC), there.replace(fold=1).astimezone(UTC)


def to_instant(wall: datetime, where: tzinfo) -> datetime:
    """The instant that Airflow uses for ``wall`` (its ``make_aware``).

    For a repeated time it is the second; a skipped time is moved by the length of the gap.
    """
    return max(both_folds(wall, where))


def first_occurrence(wall: datetime, where: tzinfo) -> datetime:
    """The first instant of ``wall``; for a skipped time, the instant of the clock change."""
    first, second = both_folds(wall, where)
    # In a gap, the two are in reverse order, and the clock change lies between them.
    return first if first <= second else offset_change_between(second, first, where)


def offset_change_between(before: datetime, after: datetime, where: tzinfo) -> datetime:
    """The instant of the clock change in between, to the second."""
    before = before.replace(microsecond=0)
    after = (after + timedelta(seconds=1) - SMALLEST_STEP).replace(microsecond=0)
    offset = offset_at(before, where)
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if offset_at(middle, where) == offset:
            before = middle
        else:
            after = middle
    return after


@lru_cache(maxsize=64)
def offset_changes(where: tzinfo, first_year: int, last_year: int) -> tuple[datetime, ...]:
    """The instants of clock changes in these years, and in the month before."""
    at, found = datetime(first_year - 1, 12, 1, tzinfo=UTC), []
    offset = offset_at(at, where)
    while where is not UTC and at.year <= last_year:
        later = at + _BETWEEN_CHANGES
        offset_later = offset_at(later, where)
        if offset_later != offset:
            found.append(offset_change_between(at, later, where))
        at, offset = later, offset_later
    return tuple(found)


def offset_at(instant: datetime, where: tzinfo) -> timedelta | None:
    """The UTC offset at an instant; None only for zones without one."""
    return instant.astimezone(where).utcoffset()

"""Periods given by users: the run that covers each, and the errors for those that no run covers."""

import re
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_scheduler.schedule import (
    alignment_problems,
    manual_dates,
    manual_interval,
    named_run,
    next_tick,
    period,
    run_interval,
)
from dbt_scheduler.spec import Schedule

QUARTER = Schedule("*/15 * * * *", grain="15 minutes")
HOURLY = Schedule("5 * * * *", grain="hour")
HOURLY_VILNIUS = Schedule("5 * * * *", "Europe/Vilnius", "hour")
FOUR_HOURS = Schedule("20 */4 * * *", grain="4 hours")
DAILY = Schedule("10 0 * * *", grain="day")
EVENING = Schedule("0 22 * * *", grain="day")
VILNIUS = Schedule("10 0 * * *", "Europe/Vilnius", "day")
APIA = Schedule("10 0 * * *", "Pacific/Apia", "day")
WEEKLY = Schedule("0 6 * * 1", grain="week")
MONTHLY = Schedule("0 7 1 * *", grain="month")
TWICE = Schedule("0 6,18 * * *")
MALFORMED = " is not a valid period: use 2025-09-09 for a day, 2025-09-09T13 for an hour, 2025-W37 for a week, 2025-09 for a month"


@pytest.mark.parametrize(
    ("schedule", "text", "interval"),
    [
        (DAILY, "2025-09-09", "09-09 00:10 to 09-10 00:10"),
        (DAILY, "2025-09-09T13", "09-09 00:10 to 09-10 00:10"),
        (EVENING, "2025-09-09", "09-09 22:00 to 09-10 22:00"),
        (VILNIUS, "2025-09-09", "09-08 21:10 to 09-09 21:10"),
        (VILNIUS, "2025-09-09T22:00Z", "09-09 21:10 to 09-10 21:10"),
        (VILNIUS, "2025-03-30", "03-29 22:10 to 03-30 21:10"),
        (HOURLY, "2025-09-09T13", "09-09 13:05 to 09-09 14:05"),
        (HOURLY, "2025-09-09 13:00", "09-09 13:05 to 09-09 14:05"),
        (HOURLY, "2025-09-09T13:05:00+02:00", "09-09 11:05 to 09-09 12:05"),
        (FOUR_HOURS, "2025-09-09T13", "09-09 12:20 to 09-09 16:20"),
        (QUARTER, "2025-09-09T13:16", "09-09 13:15 to 09-09 13:30"),
        (WEEKLY, "2025-W37", "09-08 06:00 to 09-15 06:00"),
        (WEEKLY, "2025-09-10", "09-08 06:00 to 09-15 06:00"),
        (MONTHLY, "2025-09", "09-01 07:00 to 10-01 07:00"),
        (TWICE, "2025-09-09T06", "09-09 06:00 to 09-09 18:00"),
        (TWICE, "2025-09-09T05:59", "09-08 18:00 to 09-09 06:00"),
        (HOURLY_VILNIUS, "2025-10-26T03:00+02:00", "10-26 01:05 to 10-26 02:05"),
        (VILNIUS, "2025-10-26T03", "10-25 21:10 to 10-26 22:10"),
    ],
)
def test_the_run_of_a_named_period(schedule, text, interval):
    run = named_run(schedule, text)
    assert f"{run.start:%m-%d %H:%M} to {run.end:%m-%d %H:%M}" == interval


@pytest.mark.parametrize(
    ("schedule", "text", "problem"),
    [
        (DAILY, "yesterday", f'"yesterday"{MALFORMED}'),
        (DAILY, "", f'""{MALFORMED}'),
        (DAILY, "2025-02-30", f'"2025-02-30"{MALFORMED}'),
        (DAILY, "2025-W60", f'"2025-W60"{MALFORMED}'),
        (DAILY, "9999-12-31", f'"9999-12-31"{MALFORMED}'),
        (
            DAILY,
            "2025-09",
            '"2025-09" is longer than the period of one run (grain: day): choose one run, such as 2025-09-01',
        ),
        (
            HOURLY,
            "2025-09-09",
            '"2025-09-09" is longer than the period of one run (grain: hour): choose one run, such as 2025-09-09T00:00',
        ),
        (
            TWICE,
            "2025-09-09",
            '"2025-09-09" is longer than the period of one run (no grain: the time between two runs): '
            "choose one run, such as 2025-09-08T18:00",
        ),
        (
            HOURLY_VILNIUS,
            "2025-03-30T03",
            '"2025-03-30T03" does not exist in Europe/Vilnius: a daylight saving change skips it',
        ),
        (
            APIA,
            "2011-12-30",
            '"2011-12-30" does not exist in Pacific/Apia: a daylight saving change skips it',
        ),
        (
            HOURLY_VILNIUS,
            "2025-10-26T03",
            '"2025-10-26T03" is ambiguous in Europe/Vilnius, because a daylight saving change repeats it: '
            "use 2025-10-26T03:00+03:00 or 2025-10-26T03:00+02:00",
        ),
    ],
)
def test_errors_for_periods_that_no_run_covers(schedule, text, problem):
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        named_run(schedule, text)


SCHEDULES = st.builds(
    lambda pipeline, zone: Schedule(pipeline[0], zone, pipeline[1]),
    st.sampled_from(
        [
            *(("*/15 * * * *", "15 minutes"), ("5 * * * *", "hour"), ("20 */4 * * *", "4 hours")),
            *(("10 0 * * *", "day"), ("30 22 * * *", "day"), ("30 6 * * 1", "week"), ("0 5 2 * *", "month")),
            *(("0 6,18 * * *", None), ("30 2 * * *", None), ("0 9 * * 1-5", None), ("*/7 * * * *", None)),
        ]
    ),
    st.sampled_from(["UTC", "Europe/Vilnius", "America/New_York", "Australia/Lord_Howe", "America/Havana"]),
).filter(lambda schedule: not list(alignment_problems(schedule)))
NEAR_CHANGES = [
    datetime(2025, m, d, tzinfo=UTC) for m, d in ((3, 9), (3, 30), (4, 5), (10, 4), (10, 26), (11, 2))
]
MOMENTS = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes),
    st.sampled_from([*NEAR_CHANGES, datetime(2025, 7, 1, tzinfo=UTC)]),
    st.integers(-2000, 2000),
)


@settings(max_examples=300, deadline=None)
@given(schedule=SCHEDULES, at=MOMENTS)
def test_workers_take_a_manual_run_of_such_a_date_for_that_period(schedule, at):
    """They infer its data interval; without a grain, that is wrong if DST skips a tick."""
    run = run_interval(schedule, next_tick(schedule, at))
    dates = list(islice(manual_dates(schedule, run), 3))
    assert len(dates) == 3
    for date in dates:
        inferred = manual_interval(schedule, date)
        assert run.end < date < next_tick(schedule, run.end)
        assert period(schedule, inferred) == period(schedule, run) or (
            schedule.grain is None and inferred.start == inferred.end
        )


@settings(max_examples=300, deadline=None)
@given(schedule=SCHEDULES, at=MOMENTS)
def test_a_run_is_named_by_any_moment_of_its_period(schedule, at):
    run = named_run(schedule, at.isoformat())
    covered = period(schedule, run)
    assert covered.start <= at < covered.end
    assert next_tick(schedule, run.start) == run.end
    wall = at.astimezone(ZoneInfo(schedule.timezone))
    if schedule.grain in ("day", "week"):
        assert named_run(schedule, f"{wall:%Y-%m-%d}") == run
    if schedule.grain == "month":
        assert named_run(schedule, f"{wall:%Y-%m}") == run

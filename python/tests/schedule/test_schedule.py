"""Which run waits for which, as a table of examples, and the messages for platform engineers."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_scheduler.schedule import (
    Interval,
    alignment_problems,
    awaited_interval,
    before_start,
    cadence_seconds,
    first_instant,
    manual_interval,
    most_frequent,
    next_tick,
    period,
    pick_pipeline,
    run_interval,
    scheduled_time,
    wait_lag_seconds,
)
from dbt_scheduler.schedule.alignment import waiting_runs
from dbt_scheduler.spec import Schedule

VILNIUS, NEW_YORK = "Europe/Vilnius", "America/New_York"
CASABLANCA, LORD_HOWE = "Africa/Casablanca", "Australia/Lord_Howe"
QUARTERLY_HOUR = Schedule("*/15 * * * *", grain="15 minutes")
HOURLY = Schedule("5 * * * *", grain="hour")
HOURLY_LATE = Schedule("50 * * * *", grain="hour")
DAILY = Schedule("10 0 * * *", grain="day")
DAILY_EVENING = Schedule("30 22 * * *", grain="day")
DAILY_VILNIUS = Schedule("10 0 * * *", VILNIUS, "day")
DAILY_NEW_YORK = Schedule("10 0 * * *", NEW_YORK, "day")
WEEKLY = Schedule("0 6 * * 1", grain="week")
MONTHLY = Schedule("0 7 1 * *", grain="month")
BARE = Schedule("0 9 * * 1-5")


def daily(cron: str, timezone: str) -> Schedule:
    return Schedule(cron, timezone, "day")


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def between(text: str) -> Interval:
    start, end = text.split(" .. ")
    return Interval(at(start), at(end))


@pytest.mark.parametrize(
    ("consumer", "starts", "producer", "waits_for"),
    [
        # # The same grain is the same period, whatever the minute.
        (HOURLY, "2025-06-05 13:05", HOURLY_LATE, "2025-06-05 13:50"),
        (HOURLY_LATE, "2025-06-05 13:50", HOURLY, "2025-06-05 13:05"),
        (DAILY, "2025-06-05 00:10", DAILY_EVENING, "2025-06-05 22:30"),
        (DAILY_EVENING, "2025-06-05 22:30", DAILY, "2025-06-05 00:10"),
        # A coarser run waits for the last part of its period.
        (DAILY, "2025-06-05 00:10", HOURLY, "2025-06-05 23:05"),
        (HOURLY, "2025-06-05 13:05", QUARTERLY_HOUR, "2025-06-05 13:45"),
        (WEEKLY, "2025-06-02 06:00", DAILY, "2025-06-08 00:10"),
        (MONTHLY, "2025-06-01 07:00", DAILY, "2025-06-30 00:10"),
        (MONTHLY, "2025-06-01 07:00", WEEKLY, "2025-06-23 06:00"),
        # # A finer run waits for the newest finished period.
        (HOURLY, "2025-06-05 13:05", DAILY, "2025-06-04 00:10"),
        (HOURLY, "2025-06-05 22:05", DAILY, "2025-06-04 00:10"),
        (HOURLY, "2025-06-05 23:05", DAILY, "2025-06-05 00:10"),
        (DAILY, "2025-06-07 00:10", WEEKLY, "2025-05-26 06:00"),
        (DAILY, "2025-06-08 00:10", WEEKLY, "2025-06-02 06:00"),
        (DAILY, "2025-06-29 00:10", MONTHLY, "2025-05-01 07:00"),
        (DAILY, "2025-06-30 00:10", MONTHLY, "2025-06-01 07:00"),
        # Across time zones, ends are compared as instants: Vilnius is first, New York last.
        (DAILY, "2025-06-05 00:10", DAILY_VILNIUS, "2025-06-04 21:10"),
        (DAILY_VILNIUS, "2025-06-04 21:10", DAILY, "2025-06-04 00:10"),
        (DAILY_NEW_YORK, "2025-06-05 04:10", DAILY_VILNIUS, "2025-06-04 21:10"),
        (DAILY_VILNIUS, "2025-06-04 21:10", DAILY_NEW_YORK, "2025-06-04 04:10"),
        (DAILY_VILNIUS, "2025-06-04 21:10", HOURLY, "2025-06-05 20:05"),
        # Days of 23 and 25 hours: clocks change on 2025-03-30 and 2025-10-26 in Vilnius.
        (DAILY_VILNIUS, "2025-03-29 22:10", HOURLY, "2025-03-30 20:05"),
        (DAILY_VILNIUS, "2025-10-25 21:10", HOURLY, "2025-10-26 21:05"),
        # Without a grain the period is the data interval: from Friday's tick to Monday's.
        (DAILY, "2025-06-09 00:10", BARE, "2025-06-06 09:00"),
        (DAILY, "2025-06-08 00:10", BARE, "2025-06-05 09:00"),
        (BARE, "2025-06-06 09:00", DAILY, "2025-06-08 00:10"),
        (BARE, "2025-06-06 09:00", BARE, "2025-06-06 09:00"),
        # 1:30 comes twice in New York on 2025-11-02, at 5:30 and 6:30 UTC: its tick is the second.
        (QUARTERLY_HOUR, "2025-11-02 05:30", Schedule("30 1 * * *", NEW_YORK), "2025-10-31 05:30"),
        (QUARTERLY_HOUR, "2025-11-02 06:15", Schedule("30 1 * * *", NEW_YORK), "2025-11-01 05:30"),
    ],
)
def test_a_run_waits_for_the_newest_period_that_ends_no_later(consumer, starts, producer, waits_for):
    run = run_interval(consumer, at(starts))
    found = awaited_interval(consumer, run, producer)
    assert found == run_interval(producer, at(waits_for))
    assert run in waiting_runs(producer, found, consumer)


def test_all_runs_that_wait_for_one():
    day = run_interval(DAILY, at("2025-06-04 00:10"))
    waiting = tuple(waiting_runs(DAILY, day, HOURLY))
    assert [run.start for run in (waiting[0], waiting[-1])] == [
        at("2025-06-04 23:05"),
        at("2025-06-05 22:05"),
    ]
    assert len(waiting) == 24
    assert tuple(waiting_runs(HOURLY, run_interval(HOURLY, at("2025-06-05 22:05")), DAILY)) == ()


def test_a_manual_run_waits_as_the_scheduled_run_of_its_period_does():
    by_hand = manual_interval(DAILY_EVENING, at("2025-06-07 03:00"))
    assert by_hand == between("2025-06-05 22:30 .. 2025-06-06 22:30")
    assert awaited_interval(DAILY_EVENING, by_hand, HOURLY).start == at("2025-06-05 23:05")


def test_a_manual_run_after_a_tick_that_the_clock_skipped_is_for_the_period_that_is_over():
    schedule = Schedule("0 */2 * * *", NEW_YORK, "2 hours")  # 2:00 is skipped on 2025-03-09
    by_hand = manual_interval(schedule, at("2025-03-09 07:30"))
    assert by_hand == between("2025-03-09 07:00 .. 2025-03-09 07:00")
    assert period(schedule, by_hand) == between("2025-03-09 05:00 .. 2025-03-09 07:00")


def test_a_manual_run_of_the_producer_counts_for_its_period():
    odd = between("2025-06-05 03:00 .. 2025-06-05 04:00")  # a custom interval of a manual run
    assert tuple(waiting_runs(DAILY, odd, DAILY_EVENING)) == (
        run_interval(DAILY_EVENING, at("2025-06-05 22:30")),
    )
    until_midnight = between("2025-06-05 03:00 .. 2025-06-06 00:00")
    assert tuple(waiting_runs(BARE, until_midnight, DAILY)) == ()  # no tick: it is the period of no run


@pytest.mark.parametrize(
    ("schedule", "starts", "covers"),
    [
        (HOURLY_LATE, "2025-06-05 13:50", "2025-06-05 13:00 .. 2025-06-05 14:00"),
        (DAILY_VILNIUS, "2025-06-04 21:10", "2025-06-04 21:00 .. 2025-06-05 21:00"),
        (DAILY_VILNIUS, "2025-03-29 22:10", "2025-03-29 22:00 .. 2025-03-30 21:00"),
        (WEEKLY, "2025-06-02 06:00", "2025-06-02 00:00 .. 2025-06-09 00:00"),
        (MONTHLY, "2024-02-01 07:00", "2024-02-01 00:00 .. 2024-03-01 00:00"),
        (BARE, "2025-06-06 09:00", "2025-06-06 09:00 .. 2025-06-09 09:00"),
        # # Half past in Kolkata is a full hour in UTC.
        (
            Schedule("5 * * * *", "Asia/Kolkata", "hour"),
            "2025-06-05 13:35",
            "2025-06-05 13:30 .. 2025-06-05 14:30",
        ),
        # # The hour from 1:00 occurs twice in New York, and has two runs; the four hours around it have one.
        (Schedule("5 * * * *", NEW_YORK, "hour"), "2025-11-02 05:05", "2025-11-02 05:00 .. 2025-11-02 06:00"),
        (Schedule("5 * * * *", NEW_YORK, "hour"), "2025-11-02 06:05", "2025-11-02 06:00 .. 2025-11-02 07:00"),
        (
            Schedule("5 */4 * * *", NEW_YORK, "4 hours"),
            "2025-11-02 04:05",
            "2025-11-02 04:00 .. 2025-11-02 09:00",
        ),
        # Troll skips 1:00 to 3:00, and 2:00 with it.
        (
            Schedule("30 0,3,4,6,8,10,12,14,16,18,20,22 * * *", "Antarctica/Troll", "2 hours"),
            "2025-03-30 01:30",
            "2025-03-30 01:00 .. 2025-03-30 02:00",
        ),
        # # Midnight is skipped in Cairo, and occurs twice in Havana.
        (
            Schedule("0 6 * * *", "Africa/Cairo", "day"),
            "2025-04-25 03:00",
            "2025-04-24 22:00 .. 2025-04-25 21:00",
        ),
        (
            Schedule("0 6 * * *", "America/Havana", "day"),
            "2025-11-02 11:00",
            "2025-11-02 04:00 .. 2025-11-03 05:00",
        ),
    ],
)
def test_the_period_of_a_run(schedule, starts, covers):
    assert alignment_problems(schedule) == []
    assert period(schedule, run_interval(schedule, at(starts))) == between(covers)


@pytest.mark.parametrize(
    ("schedule", "starts", "covers"),
    [
        # # Lord Howe's DST is half an hour: 2:00 to 2:30 is skipped, 1:30 to 2:00 occurs twice.
        (
            Schedule("5 * * * *", "Australia/Lord_Howe", "hour"),
            "2025-10-04 15:35",
            "2025-10-04 15:30 .. 2025-10-04 16:00",
        ),
        (
            Schedule("5 * * * *", "Australia/Lord_Howe", "hour"),
            "2025-04-05 15:05",
            "2025-04-05 15:00 .. 2025-04-05 15:30",
        ),
        # # Caracas permanently changed from 2:30 to 3:00 in 2016.
        (
            Schedule("5 * * * *", "America/Caracas", "hour", "2016-01-01"),
            "2016-05-01 06:35",
            "2016-05-01 06:30 .. 2016-05-01 07:00",
        ),
    ],
)
def test_the_period_of_a_run_whose_pipeline_airflow_cannot_walk_through(schedule, starts, covers):
    (problem,) = alignment_problems(schedule)
    assert problem.endswith("choose other times, or timezone UTC")
    assert period(schedule, run_interval(schedule, at(starts))) == between(covers)


def test_a_run_is_due_when_its_interval_ends():
    assert scheduled_time(run_interval(DAILY, at("2025-06-05 00:10"))) == at("2025-06-06 00:10")


@pytest.mark.parametrize(
    ("start_date", "timezone", "instant"),
    [
        ("2025-01-01", "UTC", "2025-01-01 00:00"),
        ("2025-01-01", VILNIUS, "2024-12-31 22:00"),
        ("2025-01-01T12:00:00", VILNIUS, "2025-01-01 10:00"),
        ("2025-01-01T12:00:00+00:00", VILNIUS, "2025-01-01 12:00"),
        ("2025-01-01T12:00:00Z", VILNIUS, "2025-01-01 12:00"),
    ],
)
def test_the_start_date_is_in_the_pipelines_timezone(start_date, timezone, instant):
    schedule = Schedule("10 0 * * *", timezone, "day", start_date)
    assert first_instant(schedule) == at(instant)


def test_a_run_before_the_start_date_is_never_scheduled():
    assert before_start(DAILY, run_interval(DAILY, at("2024-12-31 00:10")))
    assert not before_start(DAILY, run_interval(DAILY, at("2025-01-01 00:10")))
    noon = Schedule("10 0 * * *", grain="day", start_date="2025-01-01T12:00")
    assert before_start(noon, run_interval(noon, at("2025-01-01 00:10")))


@pytest.mark.parametrize(
    ("wanted", "available", "picked"),
    [
        ("daily", {"daily": DAILY, "hourly": HOURLY}, "daily"),  # its own name
        (
            "daily",
            {"daily": MONTHLY, "hourly": HOURLY},
            "daily",
        ),  # whatever another team's pipeline with this name is
        (
            "daily",
            {"hourly": HOURLY, "quarters": QUARTERLY_HOUR},
            "hourly",
        ),  # the least frequent that is frequent enough
        ("daily", {"nightly": DAILY_EVENING, "hourly": HOURLY}, "nightly"),
        ("daily", {"weekly": WEEKLY, "hourly": HOURLY}, "hourly"),
        (
            "daily",
            {"weekly": WEEKLY, "monthly": MONTHLY},
            "weekly",
        ),  # none is frequent enough: the most frequent
        ("daily", {"b": DAILY_EVENING, "a": DAILY_VILNIUS}, "a"),  # equally frequent: by name
        ("weekdays", {"daily": DAILY, "weekly": WEEKLY}, "daily"),
    ],
)
def test_the_pipeline_that_is_waited_for(wanted, available, picked):
    schedule = BARE if wanted == "weekdays" else DAILY
    assert pick_pipeline(wanted, schedule, available) == picked


def test_the_most_frequent_pipeline():
    assert most_frequent({"b": HOURLY, "a": HOURLY_LATE, "daily": DAILY}) == "a"


@pytest.mark.parametrize(
    ("cron", "seconds"),
    [
        ("*/15 * * * *", 900),
        ("5 * * * *", 3600),
        ("0 6,18 * * *", 43_200),
        ("10 0 * * *", 86_400),
        ("0 9 * * 1-5", 86_400 * 7 // 5),
        ("0 6 * * 1", 604_800),
        ("0 7 1 * *", 2_629_800),
        ("0 7 L * *", 2_629_800),
        ("@yearly", 31_557_600),
    ],
)
def test_the_mean_time_between_runs(cron, seconds):
    assert cadence_seconds(Schedule(cron)) == seconds


@pytest.mark.parametrize(
    ("consumer", "producer", "seconds"),
    [
        (DAILY, DAILY, 0),
        (HOURLY, HOURLY_LATE, 45 * 60),
        (HOURLY_LATE, HOURLY, -45 * 60),
        (DAILY, HOURLY, -5 * 60),  # its last hour is due at 0:05
        (HOURLY, DAILY, 5 * 60),  # the run for 23:00 starts at 0:05, yesterday is due at 0:10
        (DAILY, DAILY_EVENING, 22 * 3600 + 20 * 60),
        (DAILY, DAILY_VILNIUS, -2 * 3600),  # in winter; three hours in summer
        (DAILY, WEEKLY, 6 * 3600 - 10 * 60),
        (HOURLY, MONTHLY, 7 * 3600 - 5 * 60),
        (MONTHLY, WEEKLY, -3600),  # a month that ends on a Sunday
        # # Only on the day before the DST change, at hours that are not the first of a day.
        (daily("30 23 * * *", LORD_HOWE), daily("30 0 * * *", LORD_HOWE), -22 * 3600 - 1800),
        (daily("30 3 * * *", CASABLANCA), Schedule("30 */2 * * *", CASABLANCA, "2 hours"), -2 * 3600),
        (HOURLY, daily("30 3 * * *", LORD_HOWE), 3 * 3600 + 55 * 60),
    ],
)
def test_how_long_a_run_waits_when_all_is_on_time(consumer, producer, seconds):
    assert wait_lag_seconds(consumer, producer) == seconds


CRONS = (
    ("5 * * * *", "hour"),
    ("0 * * * *", None),
    ("30 */2 * * *", "2 hours"),
    ("30 1,13 * * *", None),
    ("10 0 * * *", "day"),
    ("30 22 * * *", "day"),
    ("0 9 * * 1-5", None),
    ("0 9-17 * * 1-5", None),
    ("0 6 * * 1", "week"),
    ("0 7 1 * *", "month"),
)
ZONES = ("UTC", VILNIUS, NEW_YORK, CASABLANCA, LORD_HOWE, "Asia/Kolkata")
SCHEDULES = st.builds(
    lambda cron, zone: Schedule(cron[0], zone, cron[1]), st.sampled_from(CRONS), st.sampled_from(ZONES)
).filter(lambda schedule: not alignment_problems(schedule))


def lags(consumer: Schedule, producer: Schedule) -> Iterator[tuple[datetime, int]]:
    """When each run starts, and how much later the awaited run is due, computed step by step."""
    run = run_interval(consumer, next_tick(consumer, at("2024-10-01")))
    while run.start < at("2027-04-01"):
        yield run.start, round((awaited_interval(consumer, run, producer).end - run.end).total_seconds())
        run = run_interval(consumer, run.end)


@settings(derandomize=True, deadline=None, database=None, max_examples=10)
@given(SCHEDULES, SCHEDULES)
def test_the_longest_wait_is_that_of_all_runs_of_two_years(consumer, producer):
    """No run has to wait longer, and some run does; it may be just beyond the two years."""
    longest, walked = wait_lag_seconds(consumer, producer), [*lags(consumer, producer)]
    assert longest >= max(lag for start, lag in walked if at("2025-01-01") <= start < at("2027-01-01"))
    assert longest in {lag for _, lag in walked}


GIVE_IT_UP = "change the cron, or remove the grain: each run then covers the time until the next run"
FIVE = 'set minute, hour, day of the month, month and day of the week, such as "10 0 * * *"'


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        (
            Schedule("61 * * * *"),
            f'cron "61 * * * *" has an invalid minute field: "61": {FIVE}',
        ),
        (
            Schedule("0 9 * * fry"),
            f'cron "0 9 * * fry" has an invalid day of the week field: "fry": {FIVE}',
        ),
        (Schedule("R * * * *"), f'cron "R * * * *" has an invalid minute field: "R": {FIVE}'),
        (Schedule("0 0 9 * * *"), f'cron "0 0 9 * * *" has 6 fields instead of five: {FIVE}'),
        (Schedule("@midnight"), f'cron "@midnight" has 1 field instead of five: {FIVE}'),
        (Schedule(""), f'cron "" has 0 fields instead of five: {FIVE}'),
        (Schedule("0 0 31 2 *"), f'cron "0 0 31 2 *" never runs: {FIVE}'),
        (
            Schedule("10 0 * * *", "Europe/Vilnus"),
            'timezone "Europe/Vilnus" is unknown: did you mean "Europe/Vilnius"?',
        ),
        (Schedule("10 0 * * *", "utc"), 'timezone "utc" is unknown: did you mean "UTC"?'),
        (
            Schedule("10 0 * * *", "??"),
            'timezone "??" is unknown: use a name such as "Europe/Vilnius" or "UTC"',
        ),
        (Schedule("10 0 * * *", "Europe"), 'timezone "Europe" is unknown: did you mean "Europe/Rome"?'),
        (
            Schedule("10 0 * * *", start_date="01.02.2025"),
            'start_date "01.02.2025" is not a valid date: use the format 2025-01-01 or 2025-01-01T06:00:00',
        ),
        (
            Schedule("10 0 * * *", start_date="0025-01-01"),
            'start_date "0025-01-01" is out of range: choose a year from 1970 to 2099',
        ),
        (
            Schedule("10 0 * * *", grain="7 hours"),
            'grain "7 hours" does not divide a day evenly: use "hour", "day", "week", "month", or a number of '
            'minutes or hours that divides a day evenly, such as "15 minutes" or "4 hours"',
        ),
        (
            Schedule("10 0 * * *", grain="year"),
            'grain "year" is unknown: use "hour", "day", "week", "month", or a number of minutes or '
            'hours that divides a day evenly, such as "15 minutes" or "4 hours"',
        ),
        (
            Schedule("0 9 * * 1-5", grain="day"),
            'cron "0 9 * * 1-5" does not run on Saturday 2025-01-04, but grain "day" requires exactly one run per period: '
            f"{GIVE_IT_UP}",
        ),
        (
            Schedule("*/30 * * * *", grain="hour"),
            'cron "*/30 * * * *" runs 2 times between 00:00 and 01:00, but grain "hour" requires exactly one run per period: '
            'change the cron, or use grain "30 minutes"',
        ),
        (
            Schedule("0 6 * * *", grain="hour"),
            'cron "0 6 * * *" does not run between 00:00 and 01:00, but grain "hour" requires exactly one run per period: '
            'change the cron, or use grain "day"',
        ),
        (
            Schedule("0 */2 * * *", grain="4 hours"),
            'cron "0 */2 * * *" runs 2 times between 00:00 and 04:00, but grain "4 hours" requires exactly one run per period: '
            'change the cron, or use grain "2 hours"',
        ),
        (
            Schedule("0 6 * * 1,3", grain="week"),
            'cron "0 6 * * 1,3" runs 2 times in the week of 2024-12-30, but grain "week" requires exactly one run per period: '
            f"{GIVE_IT_UP}",
        ),
        (
            Schedule("0 6 30 * *", grain="month"),
            'cron "0 6 30 * *" does not run in the month of 2025-02-01, but grain "month" requires exactly one run per period: '
            f"{GIVE_IT_UP}",
        ),
        (
            Schedule("0 6,18 1 * *", grain="month"),
            'cron "0 6,18 1 * *" runs 2 times on each of its days, but grain "month" requires exactly one run per period: '
            f"{GIVE_IT_UP}",
        ),
        (
            Schedule("30 3 * * *", VILNIUS, "day"),
            'cron "30 3 * * *" runs at 03:30, which is skipped when the clocks change in Europe/Vilnius on 2025-03-30: choose another time of day, or timezone UTC',
        ),
        (
            Schedule("30 3 28 * *", VILNIUS, "month"),
            'cron "30 3 28 * *" runs at 03:30, which is skipped when the clocks change in Europe/Vilnius on 2027-03-28: choose another time of day, or timezone UTC',
        ),
        (
            Schedule("10 0 * * *", "Africa/Cairo", "day"),
            'cron "10 0 * * *" runs at 00:10, which is skipped when the clocks change in Africa/Cairo on 2025-04-25: choose another time of day, or timezone UTC',
        ),
        (
            Schedule("35 * * * *", "Australia/Lord_Howe", "hour"),
            'cron "35 * * * *" would skip or repeat runs when the clocks change in Australia/Lord_Howe on '
            "2025-04-06: choose other times, or timezone UTC",
        ),
        (
            Schedule("*/30 * * * 1-5", NEW_YORK),
            'cron "*/30 * * * 1-5" would skip or repeat runs when the clocks change in America/New_York on '
            "2025-03-09: choose other times, or timezone UTC",
        ),
    ],
)
def test_a_pipeline_that_cannot_be_aligned_is_refused_with_the_reason(schedule, problem):
    assert alignment_problems(schedule) == [problem]


def test_every_malformed_word_is_reported_at_once():
    problems = alignment_problems(Schedule("x", "y", "z", "w"))
    assert [problem.split()[0] for problem in problems] == ["cron", "timezone", "start_date", "grain"]


@pytest.mark.parametrize(
    "schedule",
    [
        Schedule("@daily", grain="day"),
        Schedule("@hourly", NEW_YORK, "hour"),
        Schedule("30 4 * * *", VILNIUS, "day"),  # 3:30 would be skipped
        Schedule("30 1 * * *", NEW_YORK, "day"),  # occurs twice in autumn: Airflow takes the second one
        Schedule("0 */2 * * *", NEW_YORK, "2 hours"),  # 2:00 is skipped in spring: the run is at 3:00
        Schedule("0 0 * * *", "America/Sao_Paulo", "day"),  # midnight was skipped there until 2018
        Schedule("0 6 * * 1#1", grain="month"),
        Schedule("*/30 8-18 * * 1-5", NEW_YORK),
        Schedule("0 6 * * *", grain="24 hours"),
        BARE,
    ],
)
def test_a_pipeline_that_can_be_aligned(schedule):
    assert alignment_problems(schedule) == []


@settings(derandomize=True, deadline=None, database=None, max_examples=60)
@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_no_word_is_a_traceback(cron, timezone, grain, start_date):
    assert alignment_problems(Schedule(cron, timezone, grain, start_date))


@settings(derandomize=True, deadline=None, database=None, max_examples=300)
@given(st.lists(st.text("0123456789*/-,LlWw#?hrHRjanmonsu", min_size=1, max_size=7), min_size=5, max_size=5))
def test_no_cron_is_a_traceback(fields):
    assert isinstance(alignment_problems(Schedule(" ".join(fields))), list)


def test_importing_it_is_light():
    """Sensors and callbacks import it in each process."""
    code = "import sys, dbt_scheduler.schedule; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    modules = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert {"airflow", "pendulum", "dbt", "jsonschema", "click"}.isdisjoint(modules)

"""Runs are the same as in Airflow's CronDataIntervalTimetable, and waits for them have no gaps.

The examples are chosen close to DST changes, and are the same each time.
"""

import atexit
import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, pairwise, product

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

if "AIRFLOW_HOME" not in os.environ:  # Airflow reads it, and writes to it, on import
    os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow_home_")
    atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)

import pendulum
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable

from dbt_scheduler.schedule import (
    Interval,
    alignment_problems,
    awaited_interval,
    manual_interval,
    next_tick,
    period,
    run_interval,
)
from dbt_scheduler.schedule.alignment import waiting_runs
from dbt_scheduler.schedule.ticks import previous_tick
from dbt_scheduler.schedule.time_zones import load_zone, offset_changes
from dbt_scheduler.spec import Schedule

ZONES = (
    "UTC",
    "Europe/Vilnius",  # clocks change at 3:00 and 4:00
    "America/New_York",  # at 2:00
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kolkata",  # half an hour off, never changed
    "Asia/Kathmandu",  # three quarters of an hour off
    "America/Sao_Paulo",  # at midnight, until 2019
    "America/St_Johns",  # at one minute past midnight, until 2011
    "Africa/Casablanca",  # around Ramadan, "winter" being the exception
    "Africa/Cairo",  # midnight is skipped
    "America/Havana",  # midnight comes twice
    "Antarctica/Troll",  # by two hours
    "Pacific/Apia",  # a whole day was skipped in 2011
)
CRONS = (
    "*/15 * * * *", "5 * * * *", "35 * * * *", "0 * * * *", "0,45 * * * *", "* 0-23 * * *", "@hourly",
    "10 */4 * * *", "0 */2 * * *", "30 1-23/2 * * *", "0 6,18 * * *", "*/20 1,2,3 * * *", "0 0,2,3,5 * * *",
    "10 0 * * *", "0 0 * * *", "30 1 * * *", "30 2 * * *", "30 3 * * *", "59 23 * * *", "@daily",
    "0 9 * * 1-5", "*/30 * * * 1-5", "*/30 8-18 * * mon-fri", "0 3 * * 0", "@weekly", "15 12 * * 6,3",
    "0 0 1 * *", "30 3 28 * *", "0 0 L * *", "0 0 31 * *", "0 0 29 2 *", "0 0 13 * 5", "0 0 1-31/2 * 1-7",
    "0 6 * * 1#1", "0 6 * * 5#2,5#4", "0 6 * * L5", "0 6 15W * *", "@monthly", "@quarterly", "@yearly",
    "0 0 1 jan,jul *", "* * * 3,10 *",
)  # fmt: skip

deterministic = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.filter_too_much]
)


def field(low: int, high: int) -> st.SearchStrategy[str]:
    """Any form that a cron field can have, including unusual ones."""
    number = st.integers(low, high)
    pair = st.tuples(number, number).map(sorted)
    return st.one_of(
        st.just("*"),
        number.map(str),
        st.integers(2, 20).map("*/{}".format),
        pair.map(lambda p: f"{p[0]}-{p[1]}"),
        st.tuples(pair, st.integers(1, 7)).map(lambda t: f"{t[0][0]}-{t[0][1]}/{t[1]}"),
        st.lists(number, min_size=2, max_size=4).map(lambda n: ",".join(map(str, n))),
    )


ANY_CRON = st.tuples(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7)).map(" ".join)
ANY_ZONE = st.sampled_from(ZONES)
# # A DST change of the timezone, the minutes from it, and a small offset: see ``instant_of``.
ANY_MOMENT = st.tuples(
    st.integers(0, 59),
    st.integers(-1600, 1600),
    st.sampled_from([timedelta(), timedelta(seconds=31), timedelta(microseconds=1)]),
    st.sampled_from([0, 0, 0, 11, 83, 1217]),
)


def instant_of(moment: tuple[int, int, timedelta, int], timezone: str, first_year: int = 2005) -> datetime:
    """An instant, usually close to a DST change of the timezone."""
    which, minutes, more, days = moment
    near = offset_changes(load_zone(timezone), first_year, 2034) or (datetime(2024, 2, 29, tzinfo=UTC),)
    return near[which % len(near)] + timedelta(days=days, minutes=minutes) + more


@cache
def timetable(schedule: Schedule) -> CronDataIntervalTimetable:
    return CronDataIntervalTimetable(schedule.cron, timezone=schedule.timezone)


def of_airflow(info: DataInterval) -> Interval:
    return Interval(info.start, info.end)


def outcome(call, *arguments):
    """The result of a call, or that the date does not exist."""
    try:
        return call(*arguments)
    except ValueError:
        return "no such date"


def assert_same_ticks(schedule: Schedule, instant: datetime) -> None:
    airflow, theirs = timetable(schedule), pendulum.instance(instant)
    reported = f"{schedule.cron} {schedule.timezone} {instant}"
    assert outcome(next_tick, schedule, instant) == outcome(airflow._get_next, theirs), reported
    assert outcome(previous_tick, schedule, instant) == outcome(airflow._get_prev, theirs), reported


@settings(deterministic, max_examples=800)
@given(st.sampled_from(CRONS), ANY_ZONE, ANY_MOMENT)
def test_ticks_are_airflows(cron, timezone, moment):
    assert_same_ticks(Schedule(cron, timezone), instant_of(moment, timezone))


@settings(deterministic, max_examples=500)
@given(ANY_CRON, ANY_ZONE, ANY_MOMENT)
def test_ticks_are_airflows_whatever_the_cron(cron, timezone, moment):
    assert_same_ticks(Schedule(cron, timezone), instant_of(moment, timezone))


@settings(deterministic, max_examples=400)
@given(st.sampled_from(CRONS), ANY_ZONE, ANY_MOMENT)
def test_manual_intervals_are_airflows(cron, timezone, moment):
    schedule = Schedule(cron, timezone)
    run_after = instant_of(moment, timezone)
    theirs = timetable(schedule).infer_manual_data_interval(run_after=pendulum.instance(run_after))
    assert manual_interval(schedule, run_after) == of_airflow(theirs)
    assert manual_interval(schedule, pendulum.instance(run_after, timezone)) == of_airflow(theirs)


@settings(deterministic, max_examples=150)
@given(st.sampled_from(CRONS), ANY_ZONE, ANY_MOMENT)
def test_scheduled_intervals_are_airflows(cron, timezone, moment):
    schedule = Schedule(cron, timezone)
    start = instant_of(moment, timezone)
    assume(not alignment_problems(Schedule(cron, timezone, None, start.isoformat())))
    restriction = TimeRestriction(earliest=pendulum.instance(start), latest=None, catchup=True)
    ours = theirs = None
    for _ in range(6):
        info = timetable(schedule).next_dagrun_info(
            last_automated_data_interval=theirs, restriction=restriction
        )
        theirs = info.data_interval
        first = next_tick(schedule, start - timedelta(microseconds=1))
        ours = run_interval(schedule, ours.end if ours else first)
        assert ours == of_airflow(theirs)


GRAINS = {  # grain: crons that tick once in each
    "15 minutes": ("*/15 * * * *", "7,22,37,52 * * * *"),
    "hour": ("5 * * * *", "29 * * * *"),
    "4 hours": ("20 */4 * * *", "50 1-23/4 * * *"),
    "12 hours": ("0 6,18 * * *", "45 4,16 * * *"),
    "day": ("30 5 * * *", "0 22 * * *"),
    "week": ("0 6 * * 1", "30 20 * * 4"),
    "month": ("0 7 1 * *", "0 7 L * *"),
}


def covers(schedule: Schedule, first: datetime, last: datetime) -> bool:
    """Whether each period between two instants has exactly one tick, checked for each minute."""
    where, minute = load_zone(schedule.timezone), timedelta(minutes=1)
    labels, at = [], first
    while at < last:
        label = shown(schedule.grain, at.astimezone(where))
        if not labels or labels[-1][0] != label:
            labels.append([label, at, 0])
        at += minute
    assume(
        len({label for label, _, _ in labels}) == len(labels)
    )  # a date that begins twice has no such oracle
    tick = next_tick(schedule, first - minute)
    starts = [start for _, start, _ in labels]
    while tick < last:
        found = max(number for number, start in enumerate(starts) if start <= tick) if tick >= first else 0
        labels[found][2] += 1
        around = period(schedule, run_interval(schedule, tick))
        if 0 < found < len(labels) - 1:
            assert around == Interval(starts[found], starts[found + 1])
        tick = next_tick(schedule, tick)
    return all(count == 1 for _, _, count in labels[1:-1])


def shown(grain: str, there: datetime) -> tuple:
    """What distinguishes a period of a grain in local time; up to an hour, also whether it is DST."""
    number, _, unit = grain.rpartition(" ")
    minutes = {"day": 1440, "hour": 60, "hours": 60, "minutes": 1}[unit] * int(number or 1)
    slot = (there.hour * 60 + there.minute) // minutes
    return there.date(), slot, there.utcoffset() if minutes <= 60 else None


FITTING = [  # in a timezone without DST
    *product(["15 minutes"], ["*/15 * * * *", "14,29,44,59 * * * *"]),
    *product(["30 minutes"], ["*/30 * * * *", "5,35 * * * *", "29,59 * * * *"]),
    *product(["hour"], ["0 * * * *", "5 * * * *", "35 * * * *", "59 * * * *"]),
    ("90 minutes", "0 0,2,3,5,6,8,9,11,12,14,15,17,18,20,21,23 * * *"),
    *product(["2 hours"], ["0 */2 * * *", "30 1-23/2 * * *", "30 */2 * * *", "0 1-23/2 * * *"]),
    *product(["3 hours"], ["0 */3 * * *", "30 1-23/3 * * *", "15 2-23/3 * * *"]),
    *product(["4 hours"], ["10 */4 * * *", "50 3-23/4 * * *", "0 1-21/4 * * *"]),
    *product(["12 hours"], ["0 2,14 * * *", "30 0,12 * * *", "30 11,23 * * *"]),
    *product(["day"], ["10 0 * * *", "30 1 * * *", "30 2 * * *", "30 3 * * *", "59 23 * * *", "0 9 * * 1-5"]),
]


@settings(deterministic, max_examples=200)
@example(("90 minutes", "0 0,2,3,5,6,8,9,11,12,14,15,17,18,20,21,23 * * *"), "Antarctica/Troll", 0)
@given(st.sampled_from(FITTING), ANY_ZONE, st.integers(0, 59))
def test_a_pipeline_is_refused_exactly_where_a_period_would_have_no_run_or_two(fitting, timezone, which):
    grain, cron = fitting
    where = load_zone(timezone)
    near = [change for change in offset_changes(where, 2005, 2034) if change.minute in (0, 30)]
    change = near[which % len(near)] if near else datetime(2024, 2, 29, tzinfo=UTC)
    schedule = Schedule(cron, timezone, grain, (change - timedelta(days=1)).isoformat())
    refused = alignment_problems(schedule)
    if not covers(schedule, change - timedelta(days=1, hours=3), change + timedelta(days=1, hours=3)):
        assert refused
    elif (
        refused
        and "which is skipped" not in refused[0]
        and walks_through(timetable(Schedule(cron, timezone)), change)
    ):
        # # Then it fails at another time: check again at that day.
        assert str(change.date()) not in refused[0]


@pytest.mark.parametrize(("grain", "timezone"), list(product(GRAINS, ZONES)))
def test_the_usual_pipelines_are_accepted_everywhere(grain, timezone):
    for cron in GRAINS[grain]:
        refused = alignment_problems(Schedule(cron, timezone, grain, "2012-01-01"))
        assert bool(refused) == (timezone == "Australia/Lord_Howe" and grain == "hour")


@pytest.mark.parametrize(("grain", "timezone"), list(product(GRAINS, ZONES)))
def test_airflows_scheduler_walks_through_every_change_of_the_clock_of_an_accepted_pipeline(grain, timezone):
    began = datetime(2012, 1, 1, tzinfo=UTC)
    near = [change for change in offset_changes(load_zone(timezone), 2012, 2034) if change > began][:6]
    for cron in GRAINS[grain]:
        walked = all(walks_through(timetable(Schedule(cron, timezone)), change) for change in near)
        assert walked == (alignment_problems(Schedule(cron, timezone, grain, "2012-01-01")) == [])


def walks_through(airflow: CronDataIntervalTimetable, change: datetime) -> bool:
    """Whether each run begins at the end of the one before, as created by the scheduler."""
    start = pendulum.instance(change - timedelta(hours=4))
    restriction, last = TimeRestriction(earliest=start, latest=None, catchup=True), None
    while last is None or last.end < change + timedelta(hours=4):
        try:
            run = airflow.next_dagrun_info(
                last_automated_data_interval=last, restriction=restriction
            ).data_interval
        except ValueError:
            return False
        if last is not None and run.start != last.end:
            return False
        last = run
    return True


@pytest.mark.parametrize("timezone", ZONES)
def test_periods_have_no_hole_and_no_overlap(timezone):
    for grain, crons in GRAINS.items():
        schedule = Schedule(crons[0], timezone, grain)
        for change in offset_changes(load_zone(timezone), 2012, 2034)[:8]:
            runs = list(islice(runs_from(schedule, change - timedelta(days=2)), 30))
            assert all(one.end == next_one.start for one, next_one in pairwise(runs))
            periods = [period(schedule, run) for run in runs]
            assert all(one.end == next_one.start for one, next_one in pairwise(periods))
            assert all(one.start <= run.start < one.end for one, run in zip(periods, runs, strict=True))


def runs_from(schedule: Schedule, instant: datetime):
    """The scheduled runs, each from the end of the one before, like Airflow's scheduler."""
    run = run_interval(schedule, next_tick(schedule, instant))
    while True:
        yield run
        run = run_interval(schedule, run.end)


PAIRS = list(product(GRAINS, GRAINS))


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{c} waits for {p}" for c, p in PAIRS])
@settings(deterministic, max_examples=12)
@given(st.tuples(ANY_ZONE, ANY_ZONE), ANY_MOMENT, st.tuples(*[st.integers(0, 1)] * 2), st.integers(0, 9))
def test_waiting_has_no_gap(pair, zones, moment, variants, bare):
    grains = [None if which == bare else grain for which, grain in enumerate(pair)]
    consumer, producer = (
        Schedule(GRAINS[pair[i]][variants[i]], zones[i], grains[i], "2012-01-01") for i in (0, 1)
    )
    assume(not alignment_problems(consumer) and not alignment_problems(producer))
    instant = instant_of(moment, consumer.timezone, 2013)

    # Manual: Airflow infers the interval. Scheduled: from tick to tick. Backfilled: the same intervals.
    manual = of_airflow(timetable(consumer).infer_manual_data_interval(run_after=pendulum.instance(instant)))
    run = awaited_interval(consumer, manual, producer)
    own, theirs = period(consumer, manual), period(producer, run)
    newer = run_interval(producer, run.end)
    assert theirs.end <= own.end < period(producer, newer).end

    waiting = tuple(waiting_runs(producer, run, consumer))
    assert sum(period(consumer, each) == own for each in waiting) == 1
    assert all(awaited_interval(consumer, each, producer) == run for each in (*waiting[:20], *waiting[-20:]))
    assert all(one.end == next_one.start for one, next_one in pairwise(waiting))

    # # The run after the last of these waits for the next producer run: none is left out.
    after = run_interval(consumer, waiting[-1].end)
    run_of_after = awaited_interval(consumer, after, producer)
    assert run_of_after.start > run.start
    assert next(waiting_runs(producer, run_of_after, consumer)) == after
    assert run_of_after == newer or tuple(waiting_runs(producer, newer, consumer)) == ()

    # # A manual run of the producer for the same period counts like the scheduled one.
    by_hand = manual_interval(producer, run.end + timedelta(minutes=7))
    assert period(producer, by_hand) == theirs
    assert tuple(waiting_runs(producer, by_hand, consumer)) == waiting

"""The data interval of a run, including runs of hand-written DAGs."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import DAILY
from dbt_scheduler.schedule import Interval, manual_interval, next_tick, period, run_interval
from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.run_interval import interval_of_run

AT_SIX = Schedule(cron="0 6 * * *", grain="day")
SCHEDULES = (AT_SIX, Schedule("0 6 * * *"), Schedule("*/20 * * * *"), Schedule("0 7 * * 1", grain="week"))


class Run(msgspec.Struct):
    """The fields of a run in Airflow's API."""

    run_type: str
    run_after: datetime
    logical_date: datetime | None = None
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def of_trigger(moment: datetime, run_type: str = "scheduled") -> Run:
    """A run of a CronTriggerTimetable, whose interval has no length."""
    return Run(run_type, moment, moment, moment, moment)


def counted(schedule: Schedule, run: Run) -> Interval:
    return interval_of_run(schedule, run, external=True)


@pytest.mark.parametrize("run_type", ["scheduled", "backfill", "manual"])
def test_a_run_at_a_moment_covers_the_period_that_ended_there(run_type):
    covered = Interval(at("2025-03-01T06:00"), at("2025-03-02T06:00"))
    assert counted(AT_SIX, of_trigger(at("2025-03-02T06:00"), run_type)) == covered
    assert counted(AT_SIX, of_trigger(at("2025-03-02T17:23"), run_type)) == covered
    assert (
        counted(AT_SIX, of_trigger(at("2025-03-02T05:55"), run_type)) == covered
    )  # a tick before the file's


@pytest.mark.parametrize("external", [True, False])
def test_a_run_that_an_asset_or_a_person_started_without_a_date_counts_as_one_of_its_moment(external):
    run = Run("asset_triggered", at("2025-03-02T06:20"))
    covered = Interval(at("2025-03-01T06:00"), at("2025-03-02T06:00"))
    assert interval_of_run(AT_SIX, run, external=external) == covered


def test_a_dag_that_runs_later_than_its_pipeline_ticks_counts_for_the_same_day():
    found = counted(DAILY, of_trigger(at("2025-03-02T06:00")))
    assert period(DAILY, found) == Interval(at("2025-03-01T00:00"), at("2025-03-02T00:00"))


@pytest.mark.parametrize("schedule", [AT_SIX, Schedule("0 6 * * *")])
@pytest.mark.parametrize("hours", [1, 2, 24, 30, 72])
def test_a_run_with_an_interval_of_any_length_counts_for_the_period_that_it_ends_after(schedule, hours):
    """For example CronTriggerTimetable(..., interval=timedelta(hours=2)), whose interval starts in the next day."""
    start, end = at("2025-03-02T06:00") - timedelta(hours=hours), at("2025-03-02T06:00")
    run = Run("scheduled", end, start, start, end)
    assert counted(schedule, run) == Interval(at("2025-03-01T06:00"), at("2025-03-02T06:00"))


@given(
    st.sampled_from(SCHEDULES),
    st.sampled_from(["UTC", "Europe/Vilnius", "America/New_York", "Pacific/Apia"]),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),
)
def test_both_timetables_of_a_cron_cover_the_same_period(schedule, timezone, moment):
    """For the same tick: the run that Airflow creates with an interval, and the one without."""
    schedule = msgspec.structs.replace(schedule, timezone=timezone)
    with_interval = run_interval(schedule, next_tick(schedule, moment.replace(tzinfo=UTC)))
    start, tick = with_interval.start, with_interval.end
    run = Run("scheduled", tick, start, start, tick)
    assert counted(schedule, of_trigger(tick)) == counted(schedule, run) == with_interval
    assert interval_of_run(schedule, run) == with_interval


@given(
    st.sampled_from(SCHEDULES),
    st.sampled_from(["UTC", "Europe/Vilnius", "America/New_York"]),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),
    st.integers(0, 60 * 24 * 10),
)
def test_what_a_run_counts_for_is_the_newest_that_has_ended_by_its_interval(
    schedule, timezone, moment, minutes
):
    schedule = msgspec.structs.replace(schedule, timezone=timezone)
    end = moment.replace(tzinfo=UTC)
    start = end - timedelta(minutes=minutes)
    found = counted(schedule, Run("scheduled", end, start, start, end))
    assert period(schedule, found).end <= end < period(schedule, run_interval(schedule, found.end)).end


def test_what_airflow_infers_after_a_tick_that_the_clock_skipped_stays_as_it_is():
    """Airflow's own manual runs then have intervals without length, and keep their meaning."""
    schedule = Schedule("30 3 * * *", "Europe/Vilnius", "day")
    moment, found = at("2025-03-30T00:00"), 0
    while moment < at("2025-03-31T12:00"):
        inferred = manual_interval(schedule, moment)
        if inferred.start == inferred.end:
            found += 1
            run = Run("manual", moment, moment, inferred.start, inferred.end)
            assert interval_of_run(schedule, run) == inferred
            assert period(schedule, counted(schedule, run)) == period(schedule, inferred)
        moment += timedelta(minutes=30)
    assert found

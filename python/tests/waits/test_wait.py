"""The runs that wait for a run: the same as computed from every run of every consumer."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_scheduler.registry.entry import AssetPipeline, Consumed, Contact, Entry, Produced
from dbt_scheduler.schedule import (
    awaited_interval,
    manual_interval,
    next_tick,
    period,
    run_interval,
)
from dbt_scheduler.schedule.alignment import waiting_runs
from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.decision import awaited_in, ends
from dbt_scheduler.waits.wait import registered_waits, waits_for

ZONES = ["UTC", "Europe/Vilnius", "America/New_York", "Asia/Kolkata"]
PIPELINES = [
    ("*/15 * * * *", "15 minutes"),
    ("5 * * * *", "hour"),
    ("20 */4 * * *", "4 hours"),
    ("0 6,18 * * *", None),
    ("10 0 * * *", "day"),
    ("30 6 * * 1", "week"),
    ("0 5 2 * *", "month"),
]
SCHEDULES = st.builds(
    lambda pipeline, zone: Schedule(pipeline[0], zone, pipeline[1], "2020-01-01"),
    st.sampled_from(PIPELINES),
    st.sampled_from(ZONES),
)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2026, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))


def produced(**pipelines: bool) -> Produced:
    return Produced(
        dag_prefix="ships",
        task_group="marts",
        task_id="fct",
        pipeline=next(iter(pipelines)),
        slo_seconds=None,
        pipelines={
            name: AssetPipeline(slo_seconds=None, exposed=exposed) for name, exposed in pipelines.items()
        },
        exposed=True,
        relation=None,
        columns={},
        latest_of="fct",
    )


def reader(pipeline: str, sensor: str | None = "w.fct", task: str = "mine") -> Consumed:
    return Consumed(
        pipeline=pipeline,
        producer_pipeline="hourly",
        task_group=None,
        task_id=task,
        sensor_task_id=sensor,
        dependency="hard" if sensor else "no_wait",
    )


def world(producer: Schedule, consumer: Schedule, *readers: Consumed) -> dict[str, Entry]:
    made, read = {"fct_v2": produced(p=True)}, {"shipping": {"fct": readers or (reader("c"),)}}
    return {
        "shipping": Entry(
            dag_prefix="ships", contact=Contact(), pipelines={"p": producer}, produced=made, consumed={}
        ),
        "shop": Entry(
            dag_prefix="shop", contact=Contact(), pipelines={"c": consumer}, produced={}, consumed=read
        ),
    }


@settings(max_examples=100, deadline=None)
@given(producer=SCHEDULES, consumer=SCHEDULES, at=MOMENTS, manual=st.booleans())
def test_a_finished_run_ends_exactly_the_waits_for_it(producer, consumer, at, manual):
    made = manual_interval(producer, at) if manual else run_interval(producer, next_tick(producer, at))
    (wait,) = waits_for(world(producer, consumer), "shipping", ["fct_v2"], "ships_p")
    covered = period(producer, made)
    scheduled = set(waiting_runs(producer, made, consumer))
    tick, last = covered.start - timedelta(days=40), covered.end + timedelta(days=75)
    step = (last - tick) / 150  # manual runs, at any time
    while tick < last and len(scheduled) < 50:
        for run, due in ((manual_interval(consumer, tick), tick), _scheduled(consumer, tick)):
            waits = awaited_interval(consumer, run, producer)
            assert ends(awaited_in(wait, run), made) == (period(producer, waits) == covered)
            if ends(awaited_in(wait, run), made):
                assert due >= covered.end - timedelta(days=1)
        tick += step
    for run in scheduled:
        assert ends(awaited_in(wait, run), made)
        assert run.end >= covered.end


def _scheduled(schedule, after):
    run = run_interval(schedule, next_tick(schedule, after))
    return run, run.end


HOURLY, DAILY = Schedule("5 * * * *", grain="hour"), Schedule("10 0 * * *", grain="day")


def test_each_sensor_waits_once_however_many_read_behind_it():
    entries = world(
        HOURLY, DAILY, reader("c"), reader("c", task="other"), reader("c", sensor=None, task="third")
    )
    (wait,) = registered_waits(entries)
    assert (wait.dag_id, wait.task_id) == ("shop_c", "w.fct")
    assert (str(wait.asset), wait.producer.dag_id) == ("shipping.fct_v2", "ships_p")
    assert wait.producer.task_id == "marts.fct"


def test_other_assets_teams_pipelines_and_environments_end_no_wait():
    entries = world(HOURLY, DAILY)
    assert not waits_for(entries, "shipping", ["other"], "ships_p")
    assert not waits_for(entries, "shop", ["fct_v2"], "ships_p")
    assert not waits_for(entries, "shipping", ["fct_v2"], "ships_q")
    assert not waits_for(entries, "shipping", ["fct_v2"], "pr_7_ships_p")


def test_a_producer_that_is_gone_ends_no_wait():
    entries = world(HOURLY, DAILY)
    assert not registered_waits({"shop": entries["shop"]})
    gone = {"shipping": Entry(dag_prefix="s", contact=Contact(), pipelines={}, produced={}, consumed={})}
    assert not registered_waits({**entries, **gone})


def test_a_teams_own_waits_across_its_pipelines_count():
    own = Entry(
        dag_prefix="shop",
        contact=Contact(),
        pipelines={"hourly": HOURLY, "daily": DAILY},
        produced={"fct": produced(hourly=False)},
        consumed={"shop": {"fct": (reader("daily"),)}},
    )
    (wait,) = waits_for({"shop": own}, "shop", ["fct"], "ships_hourly")
    assert wait.dag_id == "shop_daily"

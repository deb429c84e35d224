"""Sensors in a spec: what they wait for, and the maximum number of active runs."""

import pytest

from build import PLATFORM, World, node, sensors, source
from dbt_scheduler.spec import Producer, Schedule

GLOBAL = "models/global_assets/g.yml"
HOUR, DAY = 3600, 86400


def world_of(tmp_path, consumer: str, producer: str, slo: str = "", dependency: str = "hard") -> World:
    world = World(tmp_path)
    world.team(
        "shop",
        source("shipping.fct", file=GLOBAL),
        node("a", "shipping.fct", pipelines=[consumer], dependencies={"fct": dependency}),
    )
    text = f"exposed_assets: [{{regex: fct{slo and f', slo: {{{producer}: {slo}}}'}}}]"
    world.team("shipping", node("fct", pipelines=[producer]), text=f"dag_prefix: ships\n{text}")
    return world


def test_what_a_sensor_watches(tmp_path):
    (sensor,) = world_of(tmp_path, "daily", "hourly", "{minutes: 45}").spec("shop_daily").sensors
    assert sensor.task_id == "wait_for__hard_dependencies.fct"
    assert (sensor.group, sensor.dependency) == ("wait_for__hard_dependencies", "hard")
    assert (sensor.team, sensor.asset) == ("shipping", "fct")
    assert sensor.producer == Producer(
        dag_id="ships_hourly",
        task_id="marts.fct",
        pipeline="hourly",
        schedule=Schedule("5 * * * *", "UTC", "hour", "2025-01-01"),
        slo_seconds=2700,
    )
    assert sensor.upstream == ()
    assert (sensor.wait_timeout_seconds, sensor.poll_seconds) == (12 * HOUR, 300)


def test_one_sensor_for_all_that_read_an_asset_in_a_dag(tmp_path):
    world = World(tmp_path)
    world.team(
        "shop",
        source("shipping.fct", file=GLOBAL),
        *(node(name, "shipping.fct", pipelines=["daily", "hourly"]) for name in "abc"),
    )
    world.team("shipping", node("fct", pipelines=["daily"]), text="exposed_assets: [{regex: fct}]")
    for spec in (world.spec("shop_daily"), world.spec("shop_hourly")):
        assert list(sensors(spec)) == ["wait_for__hard_dependencies.fct"]
        assert {task.upstream for task in spec.tasks} == {("wait_for__hard_dependencies.fct",)}


def test_no_sensor_for_what_is_not_waited_for(tmp_path):
    spec = world_of(tmp_path, "daily", "daily", dependency="no_wait").spec("shop_daily")
    assert spec.sensors == ()
    assert [task.upstream for task in spec.tasks] == [()]


@pytest.mark.parametrize(
    ("consumer", "producer", "slo", "dependency", "runs"),
    [
        (
            "daily",
            "daily",
            "{hours: 6}",
            "hard",
            4,
        ),  # six hours of a day: three, less than the configured number
        ("hourly", "hourly", "{hours: 6}", "hard", 8),
        ("hourly", "hourly", "", "hard", 14),  # the platform's wait timeout of twelve hours
        ("hourly", "hourly", "{hours: 6}", "soft", 4),
        ("hourly", "daily", "{hours: 2}", "hard", 5),
        ("daily", "hourly", "{days: 5}", "hard", 7),
        (
            "hourly",
            "hourly",
            "{days: 10000}",
            "hard",
            1000,
        ),  # another team's SLO does not raise it
    ],
)
def test_enough_runs_fit_side_by_side(tmp_path, consumer, producer, slo, dependency, runs):  # noqa: PLR0913, PLR0917
    world = world_of(tmp_path, consumer, producer, slo, dependency)
    assert world.spec(f"shop_{consumer}").max_active_runs == runs


def test_a_run_that_waits_until_the_evening_leaves_room_for_the_next(tmp_path):
    """Without an SLO, the wait timeout of twelve hours starts when the producer is due, 21:50 hours later."""
    world = world_of(tmp_path, "daily", "evening")
    evening = '  evening: {cron: "0 22 * * *", grain: day}\n'
    world.file("platform.yaml", PLATFORM + evening)
    assert world.findings() == []
    assert world.spec("shop_daily").max_active_runs == 4
    world.file("platform.yaml", f"{PLATFORM}{evening}defaults: {{wait_timeout: {{hours: 60}}}}\n")
    assert world.spec("shop_daily").max_active_runs == 6  # 81:50 hours are four days, rounded up

"""What a sensor waits for, and when it succeeds."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from builders import DAILY, a_spec, a_task, a_wait, an_entry
from dbt_scheduler.spec import DagSpec, Schedule
from harness import Platform

WAIT = "wait_for__hard_dependencies.dim"
SOFT = "wait_for__soft_dependencies.dim"


def a_producer(pipeline: str, **rest: object) -> DagSpec:
    """The team ``shipping``, which produces ``dim`` in a pipeline."""
    return a_spec(a_task("marts.dim", **rest), pipeline=pipeline, team="shipping")


def a_consumer(produced_in: str, *, pipeline: str = "daily", **wait: object) -> DagSpec:
    """The team ``playground``, which reads ``dim``."""
    sensor = a_wait("dim", pipeline=produced_in, **wait)
    return a_spec(a_task("marts.mine", upstream=(sensor.task_id,)), pipeline=pipeline, sensors=(sensor,))


def test_a_daily_run_waits_for_the_last_hour_of_its_day(platform: Platform) -> None:
    platform.deploy(a_producer("hourly"), a_consumer("hourly"))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.run("shipping_hourly", "2025-03-01T22:05")
    platform.work()
    assert platform.state("playground_daily", WAIT) == "deferred"
    platform.run("shipping_hourly", "2025-03-01T23:05")
    platform.work()
    assert platform.state("playground_daily") == "success"


def test_an_hourly_run_waits_for_the_newest_finished_day(platform: Platform) -> None:
    platform.deploy(a_producer("daily"), a_consumer("daily", pipeline="hourly"))
    platform.run("playground_hourly", "2025-03-02T14:05")
    platform.run("shipping_daily", "2025-02-28T00:10")
    platform.work()
    assert platform.state("playground_hourly", WAIT) == "deferred"
    platform.run("shipping_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("playground_hourly") == "success"


def test_an_asset_that_is_there_needs_no_triggerer(platform: Platform) -> None:
    platform.deploy(a_producer("daily"), a_consumer("daily"))
    platform.run("shipping_daily", "2025-03-01T00:10")
    platform.work()
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.schedule()
    assert platform.state("playground_daily", WAIT) == "success"


def test_a_manual_consumer_waits_for_the_period_that_its_date_means(platform: Platform) -> None:
    platform.deploy(a_producer("hourly"), a_consumer("hourly"))
    platform.run("playground_daily", "2025-03-02T09:30", manual=True)
    platform.run("shipping_hourly", "2025-03-01T23:05")
    platform.work()
    assert platform.state("playground_daily") == "success"


def test_a_manual_run_of_the_producer_counts_for_the_period_that_its_date_means(platform: Platform) -> None:
    platform.deploy(a_producer("daily"), a_consumer("daily"))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.run("shipping_daily", "2025-03-01T00:10", manual=True)  # in Airflow, the day that ends there
    platform.work()
    assert platform.state("playground_daily", WAIT) == "deferred"
    run = platform.run("shipping_daily", "2025-03-02T08:00", manual=True)
    platform.work()
    assert platform.state("playground_daily") == "success"
    assert platform.xcom("playground_daily", WAIT, "note") == f"Produced by run {run} for the same period."


def test_waits_through_a_failure_of_the_producer(platform: Platform) -> None:
    platform.deploy(a_producer("daily", fails=True), a_consumer("daily"))
    platform.run("playground_daily", "2025-03-01T00:10")
    run = platform.run("shipping_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("shipping_daily") == "failed"
    assert platform.state("playground_daily", WAIT) == "deferred"
    platform.set_state("shipping_daily", "marts.dim", run, "success")
    platform.work()
    assert platform.state("playground_daily") == "success"


def test_a_run_that_never_was_is_satisfied_by_the_success_of_a_newer_one(platform: Platform) -> None:
    platform.deploy(a_producer("hourly"), a_consumer("hourly"))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.run("shipping_hourly", "2025-03-01T20:05")
    platform.work()
    assert platform.state("playground_daily", WAIT) == "deferred"
    newer = platform.run("shipping_hourly", "2025-04-01T10:05")
    platform.work()
    assert platform.state("playground_daily") == "success"
    assert platform.xcom("playground_daily", WAIT, "note") == (
        "shipping_hourly never ran marts.dim for 2025-03-01 23:05 (UTC), "
        f"but its newer run {newer} has succeeded."
    )


def test_a_backfilled_run_waits_for_a_producer_that_is_backfilled_after_it(platform: Platform) -> None:
    platform.deploy(a_producer("daily"), a_consumer("daily"))
    platform.run("shipping_daily", "2025-09-20T00:10")
    platform.work()
    platform.run("playground_daily", "2025-03-01T00:10", backfill=True)
    platform.work()
    assert platform.state("playground_daily", WAIT) == "deferred"
    platform.run("shipping_daily", "2025-03-01T00:10", backfill=True)
    platform.work()
    assert platform.state("playground_daily") == "success"
    assert platform.xcom("playground_daily", WAIT, "note") is None


def test_a_backfilled_run_that_times_out_shows_what_to_backfill(platform: Platform) -> None:
    platform.deploy(a_producer("daily"), a_consumer("daily", dependency="soft", wait_timeout_seconds=7200))
    platform.run("shipping_daily", "2025-09-20T00:10")
    platform.run("playground_daily", "2025-03-01T00:10", backfill=True)
    platform.work()
    assert platform.state("playground_daily", SOFT) == "deferred"
    platform.let_time_pass()
    platform.work()
    assert platform.state("playground_daily", SOFT) == "success"
    assert platform.xcom("playground_daily", SOFT, "note").startswith(
        "shipping.dim (shipping_daily, marts.dim, 2025-03-01 00:10 to 2025-03-02 00:10 UTC) "
        "was not ready within the wait timeout of 2:00:00. "
        "A backfilled run does not use data from a newer period: backfill shipping_daily too. The dependency is soft: continuing without it. The latest data is from the period 2025-09-20 00:00"
    )


def test_a_newer_success_does_not_excuse_a_run_that_is_there(platform: Platform) -> None:
    platform.deploy(a_producer("daily"), a_consumer("daily"))
    run = platform.run("shipping_daily", "2025-03-01T00:10")
    platform.run("shipping_daily", "2025-03-02T00:10")
    platform.work()
    platform.set_state("shipping_daily", "marts.dim", run, "failed")
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("playground_daily", WAIT) == "deferred"
    platform.set_state("shipping_daily", "marts.dim", run, "removed")
    platform.work()
    assert platform.state("playground_daily") == "success"


def test_a_period_before_the_producers_start_needs_nothing(platform: Platform) -> None:
    started = Schedule(cron=DAILY.cron, grain="day", start_date="2025-06-01")
    platform.deploy(a_consumer("daily", schedule=started))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("playground_daily") == "success"
    assert platform.xcom("playground_daily", WAIT, "note") == (
        "shipping.dim (shipping_daily, marts.dim, 2025-03-01 00:10 to 2025-03-02 00:10 UTC) is before the producer's start date: not waiting."
    )


def test_a_hard_wait_fails_when_its_time_is_up(platform: Platform) -> None:
    platform.deploy(a_consumer("daily", wait_timeout_seconds=7200))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    platform.let_time_pass()
    platform.work()
    assert platform.states("playground_daily") == {WAIT: "failed", "marts.mine": "upstream_failed"}


def test_a_soft_wait_succeeds_after_its_timeout(platform: Platform) -> None:
    platform.deploy(a_consumer("daily", dependency="soft", wait_timeout_seconds=7200))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    platform.let_time_pass()
    platform.work()
    assert platform.states("playground_daily") == {SOFT: "success", "marts.mine": "success"}
    assert platform.xcom("playground_daily", SOFT, "note") == (
        "shipping.dim (shipping_daily, marts.dim, 2025-03-01 00:10 to 2025-03-02 00:10 UTC) "
        "was not ready within the wait timeout of 2:00:00. The dependency is soft: continuing without it. "
        "No successful run of marts.dim in shipping_daily was found."
    )


@pytest.mark.parametrize(
    ("pipeline", "group", "task_id"),
    [("daily", "core", "dim"), ("daily", None, "dim"), ("hourly", "marts", "dim_new")],
)
def test_a_producer_that_moved_is_followed(
    platform: Platform, pipeline: str, group: str | None, task_id: str
) -> None:
    full = f"{group}.{task_id}" if group else task_id
    platform.deploy(a_spec(a_task(full), pipeline=pipeline, team="shipping"), a_consumer("daily"))
    platform.publish("shipping", an_entry("dim", pipeline, group=group, task_id=task_id))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.run(
        f"shipping_{pipeline}", {"daily": "2025-03-01T00:10", "hourly": "2025-03-01T23:05"}[pipeline]
    )
    platform.work()
    assert platform.state("playground_daily") == "success"


def test_the_latest_version_is_found_by_the_bare_name(platform: Platform) -> None:
    platform.deploy(a_spec(a_task("marts.dim_v2"), team="shipping"), a_consumer("daily"))
    platform.publish("shipping", an_entry("dim_v2", "daily", latest_of="dim"))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.run("shipping_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("playground_daily") == "success"


def _half(registry: Path) -> None:
    (registry / "shipping.json").write_text('{"shipping": {"format_version"')


def _with_a_cron_that_is_none(registry: Path) -> None:
    entry = an_entry("dim", "daily")
    broken = msgspec.structs.replace(entry, pipelines={"daily": Schedule(cron="bogus")})
    (registry / "shipping.json").write_bytes(msgspec.json.encode({"shipping": broken}))


@pytest.mark.parametrize("spoil", [_half, _with_a_cron_that_is_none])
def test_an_unreadable_registry_leaves_the_producer_as_it_was_compiled(
    platform: Platform, spoil: Callable[[Path], None]
) -> None:
    platform.deploy(a_producer("daily"), a_consumer("daily"))
    spoil(platform.registry)
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.run("shipping_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("playground_daily") == "success"


def test_a_retired_asset_fails_a_hard_wait_at_once(platform: Platform) -> None:
    platform.deploy(a_consumer("daily"))
    platform.publish("shipping", an_entry("something_else", "daily"))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.states("playground_daily") == {WAIT: "failed", "marts.mine": "upstream_failed"}


def test_a_retired_asset_ends_a_soft_wait_at_once(platform: Platform) -> None:
    platform.deploy(a_consumer("daily", dependency="soft"))
    platform.publish("shipping", an_entry("something_else", "daily"))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.state("playground_daily") == "success"
    assert platform.xcom("playground_daily", SOFT, "note") == (
        "shipping no longer produces dim. Ask #shipping for its replacement. The dependency is soft: continuing without it."
    )


def test_the_link_opens_the_producers_runs_of_the_period_and_then_its_task_in_the_run(
    platform: Platform,
) -> None:
    platform.deploy(a_producer("hourly"), a_consumer("hourly"))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    assert platform.link("playground_daily", WAIT) == (
        "http://airflow.example/dags/shipping_hourly/runs"
        "?logical_date_gte=2025-03-01T23%3A05%3A00Z&logical_date_lte=2025-03-02T00%3A05%3A00Z"
    )
    platform.run("shipping_hourly", "2025-03-01T23:05")
    platform.work()
    assert platform.link("playground_daily", WAIT) == (
        "http://airflow.example/dags/shipping_hourly/runs/scheduled__2025-03-02T00%3A05%3A00%2B00%3A00/tasks/marts.dim"
    )


def test_the_link_outlives_a_timeout(platform: Platform) -> None:
    platform.deploy(a_producer("hourly", fails=True), a_consumer("hourly"))
    platform.run("shipping_hourly", "2025-03-01T23:05")
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.work()
    platform.let_time_pass()
    platform.work()
    assert platform.state("playground_daily") == "failed"
    assert platform.link("playground_daily", WAIT) == (
        "http://airflow.example/dags/shipping_hourly/runs/scheduled__2025-03-02T00%3A05%3A00%2B00%3A00/tasks/marts.dim"
    )


def test_teams_may_tick_at_different_minutes(platform: Platform) -> None:
    early = Schedule(cron="45 3 * * *", grain="day", start_date="2025-01-01")
    producer = a_spec(a_task("marts.dim"), team="shipping", schedule=early)
    platform.deploy(producer, a_consumer("daily", schedule=early))
    platform.run("playground_daily", "2025-03-01T00:10")
    platform.run("shipping_daily", "2025-03-01T03:45")
    platform.work()
    assert platform.state("playground_daily") == "success"

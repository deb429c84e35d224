"""When a sensor times out, and its messages."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from airflow.models.taskinstance import TaskInstance, clear_task_instances
from airflow.models.taskreschedule import TaskReschedule
from airflow.utils.session import create_session
from sqlalchemy import select, update

from builders import a_spec, a_task, a_wait, an_entry, python
from dbt_scheduler.spec import DagSpec, Schedule
from harness import Platform, airflows_own_warnings, moment
from older_airflow import airflow_has

WAIT = "wait_for__hard_dependencies.dim"
SOFT = "wait_for__soft_dependencies.dim"
SLO = 6 * 3600
AWAITED = "shipping.dim (shipping_daily, marts.dim, 2025-03-01 00:10 to 2025-03-02 00:10 UTC)"
LONG_AGO = "2025-03-01T00:10"


def a_consumer(**wait: object) -> DagSpec:
    sensor = a_wait("dim", **wait)
    return a_spec(a_task("marts.mine", upstream=(sensor.task_id,)), sensors=(sensor,))


def a_producer(**rest: object) -> DagSpec:
    return a_spec(a_task("marts.dim", **rest), team="shipping")


def sensor(platform: Platform, task_id: str = WAIT) -> TaskInstance:
    """The sensor of the only run, from the database."""
    assert platform
    with create_session() as session:
        return session.scalars(select(TaskInstance).where(TaskInstance.task_id == task_id)).one()


def deadline(platform: Platform) -> datetime:
    found = sensor(platform)
    assert found.state == "deferred"
    return found.trigger_timeout


def until(platform: Platform) -> datetime:
    """When the sensor times out; Airflow computes it at each start, so it differs by milliseconds."""
    found = sensor(platform)
    assert found.state == "deferred"
    return datetime.fromisoformat(found.next_kwargs["until"])


def time_to_look_again() -> datetime:
    """When Airflow would poke a rescheduled sensor again; sets it to now."""
    with create_session() as session:
        (planned,) = session.scalars(select(TaskReschedule.reschedule_date))
        now = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(update(TaskReschedule).values(reschedule_date=now))
    return planned


def run_again(task_id: str) -> None:
    """Clear the task, like a user."""
    with create_session() as session, airflows_own_warnings():
        found = session.scalars(select(TaskInstance).where(TaskInstance.task_id == task_id)).all()
        clear_task_instances(list(found), session)


def near(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(seconds=5)


def test_late_already_it_waits_for_the_slo_from_its_own_start(platform: Platform) -> None:
    platform.deploy(a_consumer(slo_seconds=SLO))
    platform.run("playground_daily", LONG_AGO)
    platform.work()
    assert near(deadline(platform), sensor(platform).start_date + timedelta(seconds=SLO))


def test_before_the_slo_it_waits_until_the_slo(platform: Platform) -> None:
    """The consumer is due at midnight, so its last run waits for the end of this day, whatever the time is now."""
    early, late = (
        Schedule(cron=f"{at} * * *", grain="day", start_date="2025-01-01") for at in ("0 0", "59 23")
    )
    wait = a_wait("dim", slo_seconds=SLO, schedule=late)
    platform.deploy(a_spec(a_task("marts.mine", upstream=(wait.task_id,)), sensors=(wait,), schedule=early))
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    platform.run("playground_daily", f"{today - timedelta(days=1):%Y-%m-%dT%H:%M}")
    platform.work()
    promised = today.replace(hour=23, minute=59) + timedelta(seconds=SLO)
    assert near(deadline(platform), max(promised, sensor(platform).start_date + timedelta(seconds=SLO)))


def test_without_an_slo_before_the_producer_is_due_it_waits_on_after_that(platform: Platform) -> None:
    """Due at midnight, it waits for the end of this day: it must not time out before data is possible."""
    early, late = (
        Schedule(cron=f"{at} * * *", grain="day", start_date="2025-01-01") for at in ("0 0", "59 23")
    )
    wait = a_wait("dim", wait_timeout_seconds=1800, schedule=late)
    platform.deploy(a_spec(a_task("marts.mine", upstream=(wait.task_id,)), sensors=(wait,), schedule=early))
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    platform.run("playground_daily", f"{today - timedelta(days=1):%Y-%m-%dT%H:%M}")
    platform.work()
    due = today.replace(hour=23, minute=59)
    assert near(deadline(platform), max(due, sensor(platform).start_date) + timedelta(minutes=30))


def test_without_an_slo_it_waits_for_the_platforms_time(platform: Platform) -> None:
    platform.deploy(a_consumer(wait_timeout_seconds=7200))
    platform.run("playground_daily", LONG_AGO)
    platform.work()
    assert near(deadline(platform), sensor(platform).start_date + timedelta(hours=2))


def test_the_slo_is_the_registrys(platform: Platform) -> None:
    platform.deploy(a_consumer(slo_seconds=SLO))
    platform.publish("shipping", an_entry("dim", "daily", slo_seconds=3600))
    platform.run("playground_daily", LONG_AGO)
    platform.work()
    assert near(deadline(platform), sensor(platform).start_date + timedelta(hours=1))


def test_a_retry_does_not_start_the_clock_again_but_clearing_does(platform: Platform) -> None:
    platform.deploy(a_consumer(slo_seconds=SLO))
    platform.run("playground_daily", LONG_AGO)
    platform.work()
    first = until(platform)
    with create_session() as session:  # its worker died
        session.execute(
            update(TaskInstance)
            .where(TaskInstance.task_id == WAIT)
            .values(
                state="up_for_retry",
                trigger_id=None,
                trigger_timeout=None,
                next_method=None,
                next_kwargs=None,
                end_date=moment("2025-03-02T00:10"),
            )
        )
    platform.work()
    assert sensor(platform).try_number == 2
    again = until(platform)
    assert again == first if airflow_has("the task state store") else again > first
    run_again(WAIT)
    platform.work()
    assert until(platform) > again


def test_the_message_of_a_hard_wait(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    platform.deploy(a_consumer(slo_seconds=SLO))
    platform.run("playground_daily", LONG_AGO)
    platform.work()
    platform.let_time_pass()
    platform.work()
    assert platform.states("playground_daily") == {WAIT: "failed", "marts.mine": "upstream_failed"}
    assert sensor(platform).try_number == 1
    assert "dependency failure" in caplog.text


def test_the_message_of_a_soft_wait_has_the_age_of_the_data(platform: Platform) -> None:
    platform.deploy(a_consumer(slo_seconds=SLO, dependency="soft"), a_producer())
    platform.run("shipping_daily", "2025-02-26T00:10")
    platform.run("shipping_daily", "2025-02-27T00:10")
    platform.work()
    platform.run("playground_daily", LONG_AGO)
    platform.work()
    platform.let_time_pass()
    platform.work()
    assert platform.states("playground_daily") == {SOFT: "success", "marts.mine": "success"}
    ago = timedelta(minutes=(datetime.now(UTC) - moment("2025-02-28T00:00")) // timedelta(minutes=1))
    note = platform.xcom("playground_daily", SOFT, "note")
    assert note in {
        f"{AWAITED} was not ready by its SLO of 6:00:00. The dependency is soft: continuing without it. "
        f"The latest data is from the period 2025-02-27 00:00 to 2025-02-28 00:00 UTC, which ended {some} ago."
        for some in (ago, ago - timedelta(minutes=1))
    }


def test_the_producer_may_fail_and_be_tried_again(platform: Platform) -> None:
    switch = platform.dags / "broken"
    switch.touch()
    code = f"import pathlib; raise SystemExit(pathlib.Path({str(switch)!r}).exists())"
    platform.deploy(a_consumer(slo_seconds=SLO), a_producer(command=python(code), retries=1))
    platform.run("playground_daily", LONG_AGO)
    platform.run("shipping_daily", LONG_AGO)
    platform.work()
    assert platform.state("shipping_daily") == "failed"
    before = deadline(platform)
    switch.unlink()
    run_again("marts.dim")
    assert deadline(platform) == before
    platform.work()
    assert platform.state("playground_daily") == "success"


@contextmanager
def a_health_page(status: str | None) -> Iterator[str]:
    """An Airflow that reports the state of its triggerer; yields the URL of its execution API."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/base/api/v2/monitor/health"
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"triggerer": {"status": status}}).encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/base/execution/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("status", "state"), [("healthy", "deferred"), ("unhealthy", "up_for_reschedule")])
def test_it_waits_in_the_triggerer_if_there_is_one(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, status: str, state: str
) -> None:
    platform.deploy(a_consumer())
    platform.run("playground_daily", LONG_AGO)
    with a_health_page(status) as url:
        monkeypatch.setenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", url)
        platform.work()
    assert platform.state("playground_daily", WAIT) == state


@pytest.mark.parametrize(("dependency", "state"), [("hard", "failed"), ("soft", "success")])
def test_without_a_triggerer_it_gives_up_on_time_too(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, dependency: str, state: str
) -> None:
    task_id = f"wait_for__{dependency}_dependencies.dim"
    platform.deploy(a_consumer(dependency=dependency, slo_seconds=SLO, poll_seconds=2 * SLO))
    platform.run("playground_daily", LONG_AGO)
    with a_health_page(None) as url:
        monkeypatch.setenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", url)
        platform.schedule()
        assert platform.state("playground_daily", task_id) == "up_for_reschedule"
        started = sensor(platform, task_id).start_date
        assert time_to_look_again() == started + timedelta(
            seconds=SLO
        )  # although the next poll would be later
        with monkeypatch.context() as later:
            later.setattr("dbt_scheduler.airflow.waiting_sensor.datetime", _WhenItIsUp)
            platform.schedule()
        assert platform.state("playground_daily", task_id) == state
        run_again(task_id)
        platform.schedule()
        assert platform.state("playground_daily", task_id) == "up_for_reschedule"  # with its own timeout


class _WhenItIsUp(datetime):
    """The current time is when a sensor that started just now has waited for its SLO."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + timedelta(seconds=SLO)


def test_without_a_triggerer_it_sees_the_asset(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    platform.deploy(a_consumer(), a_producer())
    platform.run("playground_daily", LONG_AGO)
    with a_health_page(None) as url:
        monkeypatch.setenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", url)
        platform.schedule()
        platform.run("shipping_daily", LONG_AGO)
        platform.work()
        time_to_look_again()
        platform.work()
    assert platform.state("playground_daily") == "success"

"""The demo waits for states, in whatever order and at whatever speed a machine reaches them."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import demo_api
import demo_processes
import demo_story
import demo_watch
import httpx
import pytest
from demo_api import Api, Run, TooLateError
from demo_story import CONSUMER, PRODUCER, PRODUCING, READING, WAITING, Task
from demo_teams import FailedError
from rich.console import Console

from fake_airflow_demo import Clock, FakeAirflow

HOUR = datetime(2025, 9, 10, 0, 5, tzinfo=UTC)
EARLIER, LATER = Run("shop_hourly", HOUR.replace(day=9)), Run("shop_hourly", HOUR)
ALERT = json.dumps({"event": "shop_hourly dependency failure\nwait_for__x"}) + "\n"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(demo_api, "time", clock)
    return clock


@pytest.fixture
def airflow(clock: Clock) -> FakeAirflow:
    airflow = FakeAirflow()
    clock.world = airflow.pass_time
    return airflow


@pytest.fixture
def api(airflow: FakeAirflow) -> Iterator[Api]:
    with airflow.http() as http:
        yield Api(http, lambda: None)


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=300)


def after(looks: int, do: Callable[[], None], clock: Clock) -> None:
    """Call a function while the demo sleeps for the n-th time from now."""
    before, left = clock.world, [looks]

    def world() -> None:
        before()
        left[0] -= 1
        if left[0] == 0:
            do()

    clock.world = world


def test_a_backfill_is_requested_after_the_earlier_one_is_complete(api: Api, airflow: FakeAirflow) -> None:
    airflow.completes_after = 30
    api.create_runs([EARLIER])
    airflow.set_run("shop_hourly", "success")
    api.create_runs([LATER])
    assert api.run_states() == {EARLIER: "success", LATER: "queued"}
    assert airflow.refused == 0


def test_backfill_of_another_dag_waits_for_nothing(api: Api, airflow: FakeAirflow, clock: Clock) -> None:
    api.create_runs([EARLIER, Run("shop_daily", HOUR)])
    assert len(airflow.runs) == 2
    assert clock.now <= 2


def test_a_backfill_rejected_by_a_conflict_is_requested_again(api: Api, airflow: FakeAirflow) -> None:
    airflow.completes_after = 5

    def faster(request: httpx.Request) -> None:
        if request.method == "POST" and not airflow.runs:
            airflow.backfills.append({"dag_id": "shop_hourly", "completed_at": None, "age": 0})
            airflow.runs.append(
                {"dag_id": "shop_hourly", "logical_date": EARLIER.start.isoformat(), "state": "success"}
            )

    airflow.before = faster
    api.create_runs([LATER])
    assert airflow.refused == 1
    assert api.run_states() == {EARLIER: "success", LATER: "queued"}


def test_a_backfill_created_despite_an_error_response_is_not_created_twice(
    api: Api, airflow: FakeAirflow
) -> None:
    def lose(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and not airflow.runs:
            airflow.before = lambda _: None
            airflow._answer(request)
            return httpx.Response(500, text="database is locked")
        return None

    airflow.before = lose
    api.create_runs([LATER])
    assert len(airflow.backfills) == 1


def test_pool_that_is_already_there_is_taken(api: Api, airflow: FakeAirflow) -> None:
    airflow.pools.append({"name": "duckdb", "slots": 1})
    api.create_pool("duckdb")
    api.create_pool("other")
    assert [pool["name"] for pool in airflow.pools] == ["duckdb", "other"]


def test_a_request_without_a_response_is_retried(api: Api, airflow: FakeAirflow) -> None:
    api.create_runs([EARLIER])
    spoiled = [httpx.ReadTimeout("slow"), httpx.ConnectError("restarting"), 500, 503]

    def busy(_: httpx.Request) -> httpx.Response | None:
        if not spoiled:
            return None
        trouble = spoiled.pop()
        if isinstance(trouble, int):
            return httpx.Response(trouble, text="database is locked")
        raise trouble

    airflow.before = busy
    assert api.run_states() == {EARLIER: "queued"}
    assert not spoiled


def test_the_time_limit_reports_the_wait_and_the_last_response(api: Api, airflow: FakeAirflow) -> None:
    airflow.before = lambda _: httpx.Response(503, text="database is locked")
    with pytest.raises(TooLateError) as error:
        api.run_states()
    path = "/api/v2/dags/~/dagRuns"
    assert error.value.args[0] == f"waited 900 s for a response from {path}\nGET {path}: database is locked"


def test_dead_airflow_ends_the_wait_at_once(airflow: FakeAirflow, clock: Clock) -> None:
    def check() -> None:
        raise FailedError("Airflow's scheduler has ended")

    with airflow.http() as http, pytest.raises(FailedError, match="Airflow's scheduler has ended"):
        Api(http, check).create_runs([EARLIER])
    assert clock.now == 0


def test_listings_of_several_pages_are_read_whole(api: Api, airflow: FakeAirflow) -> None:
    api.create_runs([EARLIER])
    for number in range(7):
        airflow.set_task("shop_hourly", f"task_{number}", "success")
    airflow.page = 3
    assert [task["task_id"] for task in api.task_instances()] == [f"task_{n}" for n in range(7)]


def test_the_time_limit_restarts_while_tasks_end(
    airflow: FakeAirflow, clock: Clock, console: Console, watching: SimpleNamespace
) -> None:
    with airflow.http() as http:
        api = Api(http, lambda: None, pause_seconds=100)
        api.create_runs([EARLIER])
        for number in range(5):  # each takes nearly the whole time limit
            after(
                8 * (number + 1), partial(airflow.set_task, "shop_hourly", f"task_{number}", "success"), clock
            )
        after(41, partial(airflow.set_run, "shop_hourly", "success"), clock)
        assert demo_watch.watch(watching, api, [EARLIER], console) is False
    shown = console.export_text()
    assert [shown.count(f"task_{n}") for n in range(5)] == [1] * 5
    assert clock.now > 4 * demo_api.TIMEOUT_SECONDS


def test_watch_ends_where_nothing_happens(api: Api, console: Console, watching: SimpleNamespace) -> None:
    api.create_runs([EARLIER])
    assert demo_watch.watch(watching, api, [EARLIER], console) is True
    assert "waited 900 s for the next task to end" in console.export_text()


def test_watch_continues_until_only_a_failure_is_left(
    api: Api, airflow: FakeAirflow, clock: Clock, console: Console, watching: SimpleNamespace
) -> None:
    api.create_runs([EARLIER, Run("shop_daily", HOUR)])
    airflow.set_task("shop_hourly", "one", "failed")
    airflow.set_task("shop_hourly", "below", "upstream_failed")
    airflow.set_task("shop_daily", "waits_for_one", "deferred")
    airflow.set_task("shop_daily", "two", "running")
    after(5, lambda: airflow.set_task("shop_daily", "two", "success"), clock)
    assert demo_watch.watch(watching, api, [EARLIER, Run("shop_daily", HOUR)], console) is True
    assert "two" in console.export_text()


def test_alert_is_waited_for_until_its_line_is_whole(api: Api, clock: Clock, tmp_path: Path) -> None:
    log = tmp_path / "attempt=1.log"
    after(2, lambda: log.write_text('{"event": "other"}\n' + ALERT[:30]), clock)
    after(5, lambda: log.write_text('{"event": "other"}\n' + ALERT), clock)
    lines = demo_story.wait_for_alert(api, log)
    assert lines == ["shop_hourly dependency failure", "wait_for__x"]
    assert clock.now == 5


def test_task_that_ends_otherwise_is_not_waited_for(api: Api, airflow: FakeAirflow, clock: Clock) -> None:
    api.create_runs([LATER])
    after(3, lambda: airflow.set_task("shop_hourly", "model", "failed"), clock)
    with pytest.raises(FailedError, match="shop_hourly model is failed, not success"):
        demo_story.wait_for_task(api, Task(LATER, "model"), "success", "failed")


def test_task_of_an_earlier_run_is_not_taken_for_that_of_this_one(
    api: Api, airflow: FakeAirflow, clock: Clock
) -> None:
    api.create_runs([EARLIER])
    airflow.set_run("shop_hourly", "success")
    airflow.set_task("shop_hourly", "model", "success")
    api.create_runs([LATER])
    after(4, lambda: airflow.set_task("shop_hourly", "model", "success", note="this one"), clock)
    assert demo_story.wait_for_task(api, Task(LATER, "model"), "success", "failed")["note"] == "this one"


def test_sweep_resumes_where_the_callback_was_too_slow(
    api: Api, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.create_runs([LATER])
    airflow.set_task("shop_hourly", "sensor", "failed")
    swept, said = [], []

    def sweep(url: str, login: None) -> None:
        swept.append((url, login))
        airflow.set_task("shop_hourly", "sensor", "success")

    monkeypatch.setattr(demo_story, "sweep", sweep)
    demo_story.wait_until_resumed(api, Task(LATER, "sensor"), said.append, None)
    assert swept == [("http://127.0.0.1:1", None)]
    assert said == ["the callback did not finish in time; the sweep resumes the run instead"]


@pytest.mark.parametrize("pace", [0, 1, 15], ids=["quick", "usual", "slow"])
def test_story_comes_out_on_any_machine(  # noqa: PLR0913, PLR0917 - fixtures
    pace: int,
    airflow: FakeAirflow,
    api: Api,
    clock: Clock,
    console: Console,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each state is reached after a number of looks; Airflow marks a backfill as complete after 30."""
    monkeypatch.setattr(demo_story, "shorten_slo", lambda: None)
    airflow.completes_after = 30
    earlier = HOUR.replace(day=9)
    api.create_runs([Run(CONSUMER, earlier), Run(PRODUCER, earlier)])
    for run in airflow.runs:
        run["state"] = "success"
    log = tmp_path / "attempt=1.log"

    def in_turn(*steps: Callable[[], object]) -> None:
        for number, step in enumerate(steps, 1):
            if pace:
                after(pace * number, step, clock)
            else:
                step()

    def new_run(run: dict) -> None:
        if run["dag_id"] == CONSUMER:
            in_turn(
                lambda: airflow.set_task(CONSUMER, WAITING, "deferred"),
                lambda: airflow.set_task(CONSUMER, WAITING, "failed"),
                lambda: airflow.set_task(CONSUMER, READING, "upstream_failed"),
                lambda: airflow.set_run(CONSUMER, "failed"),
                lambda: log.write_text(ALERT),
            )
        else:
            in_turn(
                lambda: airflow.set_task(PRODUCER, PRODUCING, "success"),
                lambda: airflow.set_run(PRODUCER, "success"),
                lambda: airflow.set_task(CONSUMER, WAITING, "success", note="Satisfied by it"),
                lambda: airflow.set_run(CONSUMER, "running"),
                lambda: airflow.set_task(CONSUMER, READING, "success", start_date="2025-09-10T01:00:03Z"),
                lambda: airflow.set_run(CONSUMER, "success"),
            )

    airflow.new_run = new_run
    demo_story.tell(SimpleNamespace(task_log=lambda _: log, callbacks=None), api, HOUR, console)
    assert [line[10:] for line in console.export_text().splitlines()] == [
        "transactions now has an SLO of 10 s for fct_orders, and is late on purpose",
        f"{CONSUMER} {WAITING} timed out; the alert to its team:",
        " shop_hourly dependency failure",
        " wait_for__x",
        f"the run of {CONSUMER} failed; now transactions runs",
        f"{PRODUCER} {PRODUCING} succeeded, late",
        f"{CONSUMER} {WAITING} is satisfied: Satisfied by it",
        f"{CONSUMER} {READING} started 2.0 s after the data was ready, and the run succeeded",
    ]
    assert airflow.refused == 0


def test_port_that_is_taken_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as closed:
        free = [closed.getsockname()[1], _free_port()]
        closed.close()
        drawn = iter([taken.getsockname()[1], free[0], free[0], free[1]])
        monkeypatch.setattr(demo_processes.secrets, "choice", lambda _: next(drawn))
        assert set(demo_processes.free_ports()) == set(free)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """The demo without specs and logs, only with the API."""
    monkeypatch.setattr(demo_watch, "specs", list)
    return SimpleNamespace(task_log=lambda _: tmp_path / "none.log")

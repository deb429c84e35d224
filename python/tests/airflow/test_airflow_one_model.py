"""All code that decides about waits comes to the same result, whatever the producer's runs are."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from urllib.parse import unquote

import httpx
import msgspec
import pytest
from airflow.sdk import TaskInstanceState
from airflow.sdk.api.datamodels._generated import DagRunType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import GetPreviousDagRun, GetTaskStates, GetTICount
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from builders import a_spec, a_task, a_wait
from dbt_scheduler.airflow import execution_api
from dbt_scheduler.airflow.compat import GetPreviousTI
from dbt_scheduler.airflow.execution_api import fetch_runs, read_producer_state
from dbt_scheduler.airflow.newest_instance import find_newest_instance
from dbt_scheduler.airflow_api.answers import Run
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.explain.runs import NoRunError, RunFinder
from dbt_scheduler.resume.arrivals import find_arrivals
from dbt_scheduler.resume.producer_runs import fetch_producer_runs
from dbt_scheduler.resume.waiting_sensors import find_waiting_for
from dbt_scheduler.schedule import (
    Interval,
    manual_interval,
    next_tick,
    run_interval,
)
from dbt_scheduler.schedule.ticks import previous_tick
from dbt_scheduler.spec import SENSOR_OPERATOR, Schedule
from dbt_scheduler.waits.decision import (
    AwaitedRun,
    Decision,
    ProducerRun,
    Reason,
    Status,
    awaited_by,
    awaited_in,
    decide,
)
from dbt_scheduler.waits.run_interval import SCHEDULED, interval_of_run
from dbt_scheduler.waits.upcoming import upcoming
from dbt_scheduler.waits.wait import Wait, wait_of

PRODUCER, CONSUMER, TASK = "shipping_daily", "playground_daily", "marts.dim"
SENSOR = "wait_for__hard_dependencies.dim"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OVER = ("success", "failed")
NOT_THERE = "not there"
PIPELINES = [
    ("5 * * * *", "hour"),
    ("*/15 * * * *", "15 minutes"),
    ("20 */4 * * *", "4 hours"),
    ("0 6,18 * * *", None),
    ("10 0 * * *", "day"),
    ("30 6 * * *", None),
    ("30 6 * * 1", "week"),
    ("0 5 2 * *", "month"),
    ("30 2 * * 0", None),
]
SCHEDULES = st.builds(
    lambda pipeline, zone, start: Schedule(pipeline[0], zone, pipeline[1], start),
    st.sampled_from(PIPELINES),
    st.sampled_from(["UTC", "Europe/Vilnius", "America/New_York"]),
    st.sampled_from(["2025-01-01"] * 4 + ["2025-10-25"]),
)
DAYS = st.sampled_from(
    [datetime(2025, month, day, tzinfo=UTC) for month, day in ((3, 9), (3, 30), (10, 26), (11, 2), (7, 2))]
)
MOMENTS = st.builds(lambda day, minutes: day + timedelta(minutes=minutes), DAYS, st.integers(-1440, 2880))
TASK_STATES = st.sampled_from(
    ["success", "success", "failed", "running", None, "removed", "skipped", NOT_THERE]
)


class Made(msgspec.Struct, kw_only=True):
    """A run in Airflow, and the state of its relevant task."""

    dag_id: str
    dag_run_id: str
    run_type: str
    state: str
    run_after: datetime
    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    task_state: str | None

    def run(self) -> Run:
        return msgspec.convert(msgspec.to_builtins(self), Run)


class _RunOfWorker:
    """A run in the execution API, where its type is an enum."""

    def __init__(self, made: Made) -> None:
        self.run_id = made.dag_run_id
        self.run_type = DagRunType(made.run_type)
        self.run_after, self.logical_date = made.run_after, made.logical_date
        self.data_interval_start, self.data_interval_end = made.data_interval_start, made.data_interval_end


class World:
    """An Airflow with runs of one producer and one run of its consumer, behind the APIs."""

    def __init__(self, consumer: Made, producer: list[Made]) -> None:
        self.consumer = consumer
        self.producer = producer

    def __repr__(self) -> str:
        return "\n".join(map(repr, [self.consumer, *self.producer]))

    @contextmanager
    def api(self) -> Iterator[AirflowApi]:
        """The public API, for the sweep, the callback and ``explain``."""
        with AirflowApi("http://airflow.example", transport=httpx.MockTransport(self._answer)) as api:
            yield api

    @contextmanager
    def execution_api(self, *, of_3_1: bool = False) -> Iterator[None]:
        """The execution API for a worker, with the features of the tests' Airflow, or only those of Airflow 3.1."""
        known = None if of_3_1 else GetPreviousTI
        with (
            mock.patch.object(task_runner, "SUPERVISOR_COMMS", self, create=True),
            mock.patch.object(execution_api, "GetPreviousTI", known),
        ):
            yield

    def send(self, asked: Any) -> Any:
        answer = mock.Mock()
        dated = [run for run in self.producer if run.logical_date]
        if isinstance(asked, GetTaskStates):
            answer.task_states = {
                run.dag_run_id: states
                for run in dated
                if (
                    run.logical_date in (asked.logical_dates or ()) or run.dag_run_id in (asked.run_ids or ())
                )
                and (states := _states(run, asked.task_ids))
            }
        elif isinstance(asked, GetPreviousDagRun):
            before = [run for run in dated if run.logical_date < asked.logical_date]
            newest = max(before, key=lambda run: run.logical_date, default=None)
            answer.dag_run = newest and _RunOfWorker(newest)
        elif isinstance(asked, GetTICount):
            answer.count = sum(run.task_state in asked.states for run in self.producer)
        else:
            assert isinstance(asked, GetPreviousTI)
            found = [
                run
                for run in dated
                if run.task_state != NOT_THERE
                and run.logical_date < asked.logical_date
                and asked.state in (None, run.task_state)
            ]
            newest = max(found, key=lambda run: run.logical_date, default=None)
            answer.task_instance = newest and mock.Mock(
                run_id=newest.dag_run_id, logical_date=newest.logical_date, state=newest.task_state
            )
        return answer

    def _answer(self, request: httpx.Request) -> httpx.Response:  # noqa: PLR0911 - one for each call
        path = unquote(request.url.path).removeprefix("/api/v2/dags")
        body = json.loads(request.content) if request.content else {}
        runs = [self.consumer, *self.producer]
        if path == "/auth/token":
            return httpx.Response(201, json={"access_token": "t"})
        if path == "":
            return _json({"dags": [{"dag_id": CONSUMER, "owners": ["playground"]}], "total_entries": 1})
        if path == "/~/dagRuns/list":
            return _page("dag_runs", [each for each in runs if _within(each, body)], body)
        if path == "/~/dagRuns/~/taskInstances/list":
            return _page("task_instances", [_instance(each) for each in runs if _has(each, body)], body)
        parts = path.split("/")
        if len(parts) == 2:
            return _json({"is_paused": False})
        if len(parts) == 4:
            return _json(next(each for each in runs if each.dag_run_id == parts[3]))
        newest = sorted(self.producer, key=lambda run: run.run_after, reverse=True)
        return _json({"dag_runs": newest[: int(request.url.params["limit"])], "total_entries": len(newest)})


def _states(run: Made, task_ids: list[str] | None) -> dict[str, str | None]:
    own = {} if run.task_state == NOT_THERE else {TASK: run.task_state}
    every = {**own, "marts.other": "success" if run.state in OVER else None}
    return {name: state for name, state in every.items() if not task_ids or name in task_ids}


def _json(answer: object) -> httpx.Response:
    return httpx.Response(200, content=msgspec.json.encode(answer))


def _page(name: str, found: list[Any], body: dict[str, Any]) -> httpx.Response:
    return _json({name: found[body["page_offset"] :][: body["page_limit"]], "total_entries": len(found)})


def _within(run: Made, body: dict[str, Any]) -> bool:
    if run.dag_id not in body["dag_ids"] or run.state not in body.get("states", [run.state]):
        return False
    for key, moment in (("run_after", run.run_after), ("logical_date", run.logical_date)):
        first, last = body.get(f"{key}_gte"), body.get(f"{key}_lte")
        if (first or last) and moment is None:
            return False
        if (first and moment < datetime.fromisoformat(first)) or (
            last and moment > datetime.fromisoformat(last)
        ):
            return False
    return True


def _has(run: Made, body: dict[str, Any]) -> bool:
    task = SENSOR if run.dag_id == CONSUMER else TASK
    return (
        run.task_state != NOT_THERE
        and _within(run, {key: each for key, each in body.items() if key != "states"})
        and run.dag_run_id in body.get("dag_run_ids", [run.dag_run_id])
        and task in body.get("task_ids", [task])
        and run.task_state in body.get("state", [run.task_state])
    )


def _instance(run: Made) -> dict[str, object]:
    return {
        "dag_id": run.dag_id,
        "dag_run_id": run.dag_run_id,
        "task_id": SENSOR if run.dag_id == CONSUMER else TASK,
        "state": run.task_state,
        "run_after": run.run_after,
        "operator": SENSOR_OPERATOR if run.dag_id == CONSUMER else "DbtOperator",
    }


def a_run(  # noqa: PLR0913, PLR0917 - what a run is made of
    dag_id: str, schedule: Schedule, kind: str, date: datetime, state: str, task: str | None
) -> Made:
    """A run of a type at a date; ``no date`` is a manual one without a logical date."""
    interval = run_interval(schedule, date) if kind in SCHEDULED else manual_interval(schedule, date)
    manual, dateless = kind not in SCHEDULED, kind == "no date"
    return Made(
        dag_id=dag_id,
        dag_run_id=f"{'manual' if manual else kind}__{date.isoformat()}",
        run_type="manual" if manual else kind,
        state=state,
        run_after=date if manual else interval.end,
        logical_date=None if dateless else date,
        data_interval_start=None if dateless else interval.start,
        data_interval_end=None if dateless else interval.end,
        task_state=task,
    )


def by_hand(made: Made, timetable: str) -> Made:
    """The run of a hand-written DAG instead: its trigger timetable creates one without an interval at its tick.

    Or one with an interval shorter or longer than the time between runs, and the logical date at its start.
    """
    if timetable == "interval" or made.logical_date is None:
        return made
    end = made.logical_date
    start = (
        end - {"trigger": timedelta(0), "short": timedelta(minutes=10), "long": timedelta(days=9)}[timetable]
    )
    date = end if made.run_type == "manual" else start
    return msgspec.structs.replace(
        made, run_after=end, logical_date=date, data_interval_start=start, data_interval_end=end
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Wait, World]:
    """A wait, a run of the consumer, and runs of the producer around the awaited one.

    The producer may be a hand-written DAG with any timetable, which may tick later than the schedule in the registry.
    """
    consuming, producing = draw(SCHEDULES), draw(SCHEDULES)
    timetable = draw(st.sampled_from([None, "trigger", "interval", "short", "long"]))
    late = draw(st.sampled_from([0.0, 0.0, 0.4])) if timetable else 0.0
    sensor = a_wait("dim", schedule=producing, dag_id=PRODUCER if timetable else None)
    wait = wait_of(sensor, a_spec(a_task("a"), schedule=consuming, sensors=(sensor,)), None)
    assert isinstance(wait, Wait)
    kind = draw(st.sampled_from(["scheduled", "backfill", "manual", "no date"]))
    moment = draw(MOMENTS)
    date = next_tick(consuming, moment) if kind in SCHEDULED else moment
    waiting = a_run(CONSUMER, consuming, kind, date, "running", draw(st.sampled_from(["deferred", "failed"])))
    due = awaited_by(wait, waiting.run()).interval
    ticks = [previous_tick(producing, previous_tick(producing, due.start))]
    while len(ticks) < 7:
        ticks.append(next_tick(producing, ticks[-1]))
    made: dict[datetime, Made] = {}
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["scheduled", "scheduled", "backfill", "manual", "manual", "no date"]))
        at = draw(st.integers(0, 5))
        date = ticks[at]
        if kind in SCHEDULED:
            date += (ticks[at + 1] - ticks[at]) * late
        else:
            date += (ticks[at + 1] - ticks[at]) * draw(st.sampled_from([0.0, 0.3, 0.7, 0.9]))
        state, task = draw(st.sampled_from(["running", "queued", *OVER])), draw(TASK_STATES)
        if (kind not in SCHEDULED or late) and task == NOT_THERE:
            task = None
        found = a_run(PRODUCER, producing, kind, date, state, task)
        made[date] = by_hand(found, timetable) if timetable else found
    return wait, World(waiting, list(made.values()))


def seen_by_all(wait: Wait, world: World, *, dated: bool = False) -> tuple[AwaitedRun, list[ProducerRun]]:
    """All relevant data about a wait, from the runs themselves."""
    runs = [
        ProducerRun(
            interval_of_run(wait.producer.schedule, made.run(), external=wait.producer.external),
            made.dag_run_id,
            made.run_type,
            ("removed" if made.state in OVER else None) if made.task_state == NOT_THERE else made.task_state,
        )
        for made in world.producer
        if made.logical_date or not dated
    ]
    return awaited_by(wait, world.consumer.run()), runs


def same(one: Decision, other: Decision) -> bool:
    """The same decision and, if it ends the wait, the same reason; which newer run it was is irrelevant."""
    if one.status is not other.status or one.status is Status.WAITING:
        return one.status is other.status
    return one.reason is other.reason and (one.reason is Reason.NEWER_RUN or one.run == other.run)


EXTERNAL_DAY = Schedule("10 0 * * *", grain="day")
"""The registry's schedule of a hand-written DAG that actually runs at 6:00."""


@pytest.mark.parametrize("timetable", ["trigger", "interval"])
@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        ([("scheduled", 1, "success")], Reason.NO_RUN),
        ([("scheduled", 2, "success")], Reason.SAME_PERIOD),
        ([("backfill", 2, "success"), ("scheduled", 3, "failed")], Reason.SAME_PERIOD),
        ([("scheduled", 2, "failed"), ("scheduled", 3, "success")], Reason.UNFINISHED),
        ([("scheduled", 2, "failed"), ("manual", 2.2, "success")], Reason.SAME_PERIOD),
        ([("scheduled", 1, "success"), ("scheduled", 3, "success")], Reason.NEWER_RUN),
        ([("manual", 2.2, "success"), ("scheduled", 3, "success")], Reason.SAME_PERIOD),
    ],
)
@pytest.mark.parametrize("hour", [0, 6])
def test_a_worker_knows_the_period_of_a_hand_written_run(
    hour: int, runs: list[tuple[str, float, str]], reason: Reason, timetable: str
) -> None:
    """The awaited run is due on the second day, at the hour in the registry or later."""
    own = Schedule("10 0 * * *" if not hour else "0 6 * * *", grain="day")
    first = next_tick(own, datetime(2025, 6, 30, tzinfo=UTC))
    made = []
    for kind, day, state in runs:
        due = first + timedelta(days=day - 1)
        date = due if kind == "manual" or timetable == "trigger" else due - timedelta(days=1)
        made.append(by_hand(a_run(PRODUCER, own, kind, date, state, state), timetable))
    awaited = AwaitedRun(
        PRODUCER,
        TASK,
        EXTERNAL_DAY,
        run_interval(EXTERNAL_DAY, datetime(2025, 6, 30, 0, 10, tzinfo=UTC)),
        external=True,
    )
    world = World(made[0], made)
    for of_3_1 in (False, True):
        with world.execution_api(of_3_1=of_3_1):
            assert decide(awaited, fetch_runs(awaited)).reason is reason
    with world.api() as api:
        assert decide(awaited, fetch_producer_runs(api, [awaited])[awaited]).reason is reason


def test_a_worker_of_airflow_3_1_looks_at_the_20_newest_runs() -> None:
    """Earlier successes are unknown to it; if there is none, it makes only one request."""
    first = datetime(2025, 3, 1, 0, 10, tzinfo=UTC)
    states = ["success", *["failed"] * 20]
    made = [
        a_run(PRODUCER, EXTERNAL_DAY, "scheduled", first + timedelta(days=day), state, state)
        for day, state in enumerate(states)
    ]
    now = first + timedelta(days=len(states))
    for runs, found, questions in (
        (made, None, 41),
        (made[:-1], made[0].logical_date, 41),
        (made[1:], None, 1),
    ):
        world = World(made[0], runs)
        with world.execution_api(), mock.patch.object(world, "send", wraps=world.send) as send:
            newest = find_newest_instance(PRODUCER, TASK, now, TaskInstanceState.SUCCESS)
        assert (newest and newest.logical_date, send.call_count) == (found, questions)


@settings(max_examples=150, deadline=None)
@given(cases(), st.booleans())
def test_the_sensor_decides_as_the_model_does(case: tuple[Wait, World], of_3_1: bool) -> None:
    """A worker finds runs by their dates: not runs without one, nor a run that ends later but has an earlier date."""
    wait, world = case
    dated = sorted(
        (made.logical_date, made.data_interval_end) for made in world.producer if made.logical_date
    )
    ends = [end for _, end in dated]
    assume(ends == sorted(ends))
    awaited, runs = seen_by_all(wait, world, dated=True)
    with world.execution_api(of_3_1=of_3_1):
        assert same(decide(awaited, fetch_runs(awaited)), decide(awaited, runs))


@settings(max_examples=150, deadline=None)
@given(cases())
def test_the_sweep_and_explain_decide_as_the_model_does(case: tuple[Wait, World]) -> None:
    wait, world = case
    awaited, runs = seen_by_all(wait, world)
    decided = decide(awaited, runs)
    with world.api() as api:
        assert same(decide(awaited, fetch_producer_runs(api, [awaited])[awaited]), decided)
        (instance,) = api.task_instances(RunFilter(dag_ids=[CONSUMER]))
        arrived = find_arrivals(api, [(instance, world.consumer.run(), wait)])
        assert bool(arrived) == (decided.status is Status.DONE and decided.run is not None)
        if decided.reason is Reason.BEFORE_START:
            return  # `explain` does not request runs then
        try:
            shown = RunFinder(api, NOW).awaited(awaited).run_id
        except NoRunError:
            assert decided.run is None
        else:
            assert decided.reason is Reason.NO_RUN or decided.run is not None
            if decided.reason is Reason.SAME_PERIOD:
                assert shown == decided.run.run_id


@settings(max_examples=150, deadline=None)
@given(cases())
def test_the_callback_ends_the_waits_that_the_model_ends_by_that_run(case: tuple[Wait, World]) -> None:
    wait, world = case
    awaited, runs = seen_by_all(wait, world)
    for made in runs:
        success = msgspec.structs.replace(made, state="success")
        with world.api() as api:
            found = find_waiting_for(api, [wait], made.interval)
        assert bool(found) == (decide(awaited, [success]).reason is Reason.SAME_PERIOD)


@settings(max_examples=150, deadline=None)
@given(cases(), st.data())
def test_a_success_that_ends_the_wait_is_news_to_the_trigger(
    case: tuple[Wait, World], data: st.DataObject
) -> None:
    wait, world = case
    awaited, before = seen_by_all(wait, world)
    if not world.producer or decide(awaited, before).status is Status.DONE:
        return
    with world.execution_api():
        seen = read_producer_state(awaited)
        data.draw(st.sampled_from(world.producer)).task_state = "success"
        if decide(awaited, seen_by_all(wait, world)[1]).status is Status.DONE:
            assert read_producer_state(awaited).has_changed_since(seen)


@settings(max_examples=100, deadline=None)
@given(SCHEDULES, SCHEDULES, MOMENTS)
def test_the_waits_command_shows_what_the_sensor_will_wait_for(
    consuming: Schedule, producing: Schedule, moment: datetime
) -> None:
    sensor = a_wait("dim", schedule=producing)
    spec = a_spec(a_task("a"), schedule=consuming, sensors=(sensor,))
    wait = wait_of(sensor, spec, None)
    assert isinstance(wait, Wait)
    run = next(upcoming(spec, spec.sensors, lambda _: wait, moment))
    awaited = awaited_in(wait, Interval(run.logical_date, run.due))
    shown = run.waits[0].producer
    if decide(awaited, ()).reason is Reason.BEFORE_START:
        assert shown is None
    else:
        assert shown is not None
        assert Interval(shown.logical_date, shown.due) == awaited.interval

"""Resuming, with a fake API: the order of the requests, the effect of each response, and what is never done."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from builders import a_spec, a_task, a_wait, a_wait_entry, an_entry
from dbt_scheduler.airflow_api.answers import TaskInfo
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowApiError, AirflowUnauthorizedError
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.cli.airflow_options import Connection
from dbt_scheduler.registry.entry import AssetKey
from dbt_scheduler.resume.repair import FailureGraph, Repair, plan_repair, repair_runs
from dbt_scheduler.resume.satisfy import Outcome, satisfied_note, satisfy
from dbt_scheduler.resume.stretches import stretches
from dbt_scheduler.resume.sweep import SweepResult, sweep
from dbt_scheduler.resume.waiting_sensors import find_unsatisfied
from dbt_scheduler.schedule import Interval
from dbt_scheduler.spec import Producer, Schedule
from dbt_scheduler.waits.wait import Wait
from fake_airflow import DUE, PASSWORD, FakeAirflow

NOTE = satisfied_note("p", "r")
BELOW = {"s": ["m"], "t": ["m"], "m": ["n"]}


def satisfied(airflow: FakeAirflow, *names: str, patience: float = 1):
    with airflow.api() as api:
        sensors = api.task_instances(RunFilter(dag_ids=["d"], task_ids=names))
        return satisfy(api, dict.fromkeys(sensors, NOTE), patience_seconds=patience)


def ids(tasks) -> list[str]:
    return [each.task_id for each in tasks]


@pytest.mark.parametrize(
    "state", [None, "scheduled", "queued", "running", "deferred", "up_for_reschedule", "up_for_retry"]
)
def test_a_sensor_that_has_not_failed_is_marked_at_once(state):
    airflow = FakeAirflow({"s": state, "m": None}, BELOW)
    assert ids(satisfied(airflow, "s").satisfied) == ["s"]
    assert airflow.writes() == [("PATCH", "d/dagRuns/r/taskInstances/s")]
    assert airflow.notes == {"s": NOTE}


def test_a_failed_one_of_a_run_that_is_over_is_marked_at_once():
    airflow = FakeAirflow(
        {"s": "failed", "m": "upstream_failed", "n": "upstream_failed"}, BELOW, run="failed"
    )
    assert ids(satisfied(airflow, "s").satisfied) == ["s"]
    assert airflow.writes()[0] == ("PATCH", "d/dagRuns/r/taskInstances/s")


def test_a_failed_one_waits_until_the_scheduler_has_passed_the_failure_on():
    airflow = FakeAirflow({"s": "failed", "m": None, "n": None, "other": "running"}, BELOW)
    steps = iter([{"m": "upstream_failed"}, {"n": "upstream_failed"}])

    def scheduler(request: httpx.Request) -> None:
        if request.method == "PATCH":
            assert airflow.states["n"] == "upstream_failed"
        if request.url.path.endswith("/dagRuns/list"):
            airflow.states |= next(steps, {})

    airflow.before = scheduler
    assert ids(satisfied(airflow, "s").satisfied) == ["s"]


def test_one_that_does_not_settle_in_time_is_left_and_named():
    outcome = satisfied(FakeAirflow({"s": "failed", "m": None}, BELOW), "s", patience=0.1)
    assert (ids(outcome.satisfied), ids(outcome.left)) == ([], ["s"])


def test_several_of_one_run_are_marked_in_one_transaction():
    airflow = FakeAirflow({"s": "failed", "t": "failed", "m": "upstream_failed"}, BELOW, run="failed")
    assert ids(satisfied(airflow, "s", "t").satisfied) == ["s", "t"]
    assert airflow.writes()[0] == ("PATCH", "d/dagRuns/r/taskInstances")


def test_they_are_marked_one_by_one_where_that_is_refused():
    airflow = FakeAirflow({"s": "deferred", "t": "deferred"}, BELOW)
    airflow.before = lambda request: (
        httpx.Response(405) if request.url.path.endswith("/taskInstances") else None
    )
    assert ids(satisfied(airflow, "s", "t").satisfied) == ["s", "t"]


@pytest.mark.parametrize("answer", [409, 500, 422])
def test_a_refusal_is_looked_into_and_tried_again(answer):
    airflow = FakeAirflow({"s": "deferred"})
    refusals = iter([httpx.Response(answer, json={"detail": "Unique constraint violation"})] * 2)
    airflow.before = lambda request: next(refusals, None) if request.method == "PATCH" else None
    assert ids(satisfied(airflow, "s").satisfied) == ["s"]
    assert len(airflow.writes()) == 3


def test_a_refusal_because_it_is_a_success_already_is_one():
    airflow = FakeAirflow({"s": "deferred"})

    def somebody_else(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PATCH":
            return None
        airflow.states["s"] = "success"
        return httpx.Response(409, json={"detail": {"reason": "already"}})

    airflow.before = somebody_else
    assert ids(satisfied(airflow, "s").satisfied) == ["s"]
    assert len(airflow.writes()) == 1


@pytest.mark.parametrize("state", ["skipped", "removed"])
def test_a_sensor_that_nothing_waits_for_any_more_is_left_alone(state):
    airflow = FakeAirflow({"s": "deferred"})
    airflow.before = lambda request: (
        (airflow.states.update(s=state), httpx.Response(500))[1] if request.method == "PATCH" else None
    )
    outcome = satisfied(airflow, "s")
    assert (outcome.satisfied, outcome.left) == ((), ())
    assert len(airflow.writes()) == 1


def test_a_run_that_was_deleted_meanwhile_is_ignored():
    airflow = FakeAirflow({"s": "failed"}, run="failed")
    none = httpx.Response(200, json={"dag_runs": [], "total_entries": 0})
    airflow.before = lambda request: none if request.url.path.endswith("/dagRuns/list") else None
    outcome = satisfied(airflow, "s")
    assert (outcome.satisfied, outcome.left, airflow.writes()) == ((), (), [])


def test_a_sensor_below_a_failed_task_is_not_marked():
    airflow = FakeAirflow(
        {"hook": "failed", "s": "upstream_failed", "m": None}, {"hook": ["s"], **BELOW}, run="failed"
    )
    assert satisfied(airflow, "s").satisfied == ()
    assert airflow.writes() == []


def test_a_run_that_was_half_resumed_is_repaired_right_away():
    airflow = FakeAirflow({"s": "failed", "m": "upstream_failed"}, BELOW, run="failed")
    outcome = satisfied(airflow, "s")
    assert [key.run_id for key in outcome.repaired] == ["r"]
    assert ("POST", "d/clearTaskInstances") in airflow.writes()


@pytest.mark.parametrize(
    ("states", "over", "repair"),
    [
        ({"s": "failed", "m": "upstream_failed", "n": "upstream_failed"}, True, Repair()),
        ({"s": "success", "m": "failed", "n": "upstream_failed"}, True, Repair()),
        ({"s": "success", "m": "upstream_failed", "n": "upstream_failed"}, True, Repair(("m", "n"))),
        ({"s": "success", "m": "success", "n": "upstream_failed"}, False, Repair(("n",))),
        ({"s": "success", "m": None, "n": None}, True, Repair(requeue=True)),
        ({"s": "success", "m": None, "n": None}, False, Repair()),
        ({"s": "failed", "m": None, "n": None}, True, Repair()),
        ({"s": "success", "t": "success", "m": "success", "n": "success"}, True, Repair()),
    ],
)
def test_what_a_run_needs(states, over, repair):
    with FakeAirflow(states, BELOW).api() as api:
        assert plan_repair(FailureGraph(api.tasks("d")), states, over=over) == repair


@pytest.mark.parametrize(
    ("states", "repair"),
    [
        ({"m": "failed", "n": "upstream_failed"}, Repair()),
        ({"s": "failed", "m": "upstream_failed", "n": "upstream_failed"}, Repair()),
        ({"s": "success", "m": None, "n": "success"}, Repair()),
        ({"s": "success", "m": "removed", "n": "upstream_failed"}, Repair(("n",))),
        ({"s": "success", "m": "upstream_failed", "n": "upstream_failed"}, Repair(("n",))),
        ({"s": "success", "m": "success", "n": None}, Repair(requeue=True)),
    ],
)
def test_a_removed_model_does_not_resume_old_runs(states, repair):
    now = FailureGraph([TaskInfo(task_id="s", downstream_task_ids=("n",)), TaskInfo(task_id="n")])
    assert plan_repair(now, states, over=True) == repair


def test_a_repair_done_twice_does_nothing_the_second_time():
    airflow = FakeAirflow({"s": "success", "m": "upstream_failed"}, BELOW)
    with airflow.api() as api:
        assert repair_runs(api, [api.run("d", "r")])
        assert not repair_runs(api, [api.run("d", "r")])


def a_claim(team: str = "shop", task_id: str = "s") -> Wait:
    daily = Schedule("10 0 * * *", grain="day")
    producer = Producer(dag_id="p", task_id="t", pipeline="daily", schedule=daily, slo_seconds=None)
    return Wait(team, "d", task_id, daily, AssetKey("shipping", "fct"), producer)


def touched(airflow: FakeAirflow, *claims: Wait) -> list[tuple[str, str]]:
    """The team and sensor of each claim that matches a task instance."""
    with airflow.api() as api:
        found = find_unsatisfied(api, claims, datetime(2025, 3, 1, tzinfo=UTC))
    assert airflow.writes() == []
    return [(wait.team, sensor.task_id) for sensor, _, wait in found]


def test_a_sensor_of_the_teams_own_dag_is_found():
    assert touched(FakeAirflow({"s": "failed", "m": None}), a_claim()) == [("shop", "s")]


def test_a_sensor_of_an_old_run_is_found_without_listing_the_runs_in_between():
    """Like a backfilled run: it was due at the end of its old interval."""
    airflow, asked = FakeAirflow({"s": "failed"}), []
    airflow.before = lambda request: asked.append((request.url.path, request.content.decode()))
    with airflow.api() as api:
        assert len(find_unsatisfied(api, [a_claim()])) == 1
    bodies = {path.rpartition("/dags/")[2]: body for path, body in asked}
    assert "run_after" not in bodies["~/dagRuns/~/taskInstances/list"]
    assert f'"run_after_gte":"{DUE}","run_after_lte":"{DUE}"' in bodies["~/dagRuns/list"]


def test_intervals_that_lie_close_are_one_stretch():
    def days(*numbers: int) -> list[Interval]:
        first = datetime(2025, 3, 1, tzinfo=UTC)
        return [Interval(first + timedelta(days=n), first + timedelta(days=n + 1)) for n in numbers]

    (whole,) = stretches(days(3, 1, 0, 2), timedelta(0))
    assert (whole.start, whole.end) == (days(0)[0].start, days(3)[0].end)
    assert [*stretches(days(0, 2, 9), timedelta(days=1))] == [
        Interval(days(0)[0].start, days(2)[0].end),
        *days(9),
    ]
    assert [*stretches([], timedelta(0))] == []


@pytest.mark.parametrize("owners", [("finance",), ("finance", "shop"), ("shops",), ()])
def test_an_entry_that_names_another_teams_dag_leads_nowhere(owners, caplog):
    assert touched(FakeAirflow({"s": "failed"}, owners=owners), a_claim()) == []
    words = f"d is a DAG of shop in the registry, but its owner in Airflow is {', '.join(owners)}: skipped."
    assert [record.getMessage() for record in caplog.records] == [words]


@pytest.mark.parametrize("operator", ["CommandOperator", "PythonOperator", None])
def test_an_entry_that_names_a_task_that_is_no_sensor_leads_nowhere(operator):
    assert touched(FakeAirflow({"s": "failed"}, operator=operator), a_claim()) == []


@pytest.mark.parametrize("liar", ["a", "z"])
def test_another_teams_claim_does_not_hide_that_of_the_owner(liar):
    claims = (a_claim(liar), a_claim(), a_claim(f"{liar}{liar}"))
    assert touched(FakeAirflow({"s": "failed"}), *claims) == [("shop", "s")]
    assert touched(FakeAirflow({"s": "failed"}), *reversed(claims)) == [("shop", "s")]


def test_owners_of_dags_are_requested_once_and_only_if_a_sensor_waits():
    airflow = FakeAirflow({"s": "success"})
    assert touched(airflow, a_claim()) == []
    assert not [path for _, path in airflow.calls if "owners" in path]
    airflow = FakeAirflow({"s": "failed", "t": "deferred"})
    assert len(touched(airflow, a_claim(), a_claim(task_id="t"))) == 2
    assert [path for _, path in airflow.calls if "owners" in path] == [
        "/api/v2/dags?owners=shop&limit=100&offset=0"
    ]


def test_a_listing_is_read_to_its_end():
    airflow = FakeAirflow({f"s{number}": "deferred" for number in range(250)})
    with airflow.api() as api:
        assert len(api.task_instances(RunFilter(dag_ids=["d"]))) == 250
    assert len(airflow.calls) == 4


def refusal(airflow: FakeAirflow, **api: object) -> str:
    with pytest.raises(AirflowApiError) as error, airflow.api(**api) as session:
        session.runs(RunFilter(dag_ids=["d"]))
    assert PASSWORD not in str(error.value)
    return str(error.value)


def no_answer(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("Connection refused")


def nonsense(request: httpx.Request) -> httpx.Response | None:
    return None if request.url.path == "/auth/token" else httpx.Response(200, text="<html>hello</html>")


def denied(request: httpx.Request) -> httpx.Response | None:
    return None if request.url.path == "/auth/token" else httpx.Response(403)


def test_refusals_say_what_to_do():
    where = "Airflow at http://airflow.example"
    assert refusal(FakeAirflow({}), password=f"{PASSWORD} of mine") == (
        f'{where} rejected the login "me": check the login and password of the connection.'
    )
    assert refusal(FakeAirflow({}, before=no_answer)) == (
        f"{where} cannot be reached (Connection refused): "
        "check that its API server is running, and the host and port of the connection."
    )
    assert refusal(FakeAirflow({}, before=lambda _: httpx.Response(500))) == (
        f"{where} returned 500 for POST /auth/token: check the log of its API server."
    )
    said = {"detail": "Database is locked:\n\x1b[31mnot supported on SQLite " + "x" * 300}
    shown = (r"Database is locked:\n\x1b[31mnot supported on SQLite " + "x" * 300)[:300]
    assert refusal(FakeAirflow({}, before=lambda _: httpx.Response(503, json=said))) == (
        f'{where} returned 503 for POST /auth/token: "{shown}"; see also the log of its API server.'
    )
    wrong = {"detail": [{"loc": ["body"], "msg": "missing"}]}
    assert refusal(FakeAirflow({}, before=lambda _: httpx.Response(422, json=wrong))) == (
        f"{where} returned 422 for POST /auth/token: check the log of its API server."
    )
    assert refusal(FakeAirflow({}, before=denied)) == (
        f"{where} returned 403 for POST /api/v2/dags/~/dagRuns/list: "
        "the connection's user needs permission to read and edit DAGs, DAG runs and task instances."
    )
    assert refusal(FakeAirflow({}, before=nonsense)) == (
        "http://airflow.example did not return an Airflow response: check that the connection's host is an Airflow 3 API server."
    )
    assert refusal(FakeAirflow({}), seconds=0) == f"{where} did not respond within the time limit."


def test_an_address_that_is_none_is_refused_with_words():
    with pytest.raises(AirflowApiError, match="check"):
        AirflowApi("http://[").runs(RunFilter(dag_ids=["d"]))


@pytest.mark.parametrize(
    "url",
    [
        "http://me:SECRET@airflow.example:9",
        "http://SECRET@airflow.example",
        "me:SECRET@airflow.example",
        "http://me:SEC/RET@airflow.example/a",
        "http://me:/SECRET@airflow.example",
        "http://me:#SECRET@airflow.example",
        "http://me:SECRET@[",
        "http://airflow.example/?token=SECRET",
        "http://airflow.example#SECRET",
        "http://me%3ASECRET%40airflow.example",
        "http://me:SECRET%40airflow.example:9",
    ],
)
def test_a_password_in_the_host_of_a_connection_is_not_printed(url):
    with pytest.raises(AirflowApiError) as refused:
        AirflowApi(url, "me", PASSWORD)
    assert "must not contain credentials or a query" in str(refused.value)
    assert "SEC" not in repr(refused.value)
    assert "RET" not in repr(refused.value)
    assert "SECRET" not in repr(Connection(url, "me", "SECRET"))


@pytest.mark.parametrize(
    "quoted", ["http://me:SECRET@airflow.example/x", "proxy http://h/?token=SECRET refused"]
)
def test_a_library_that_quotes_a_url_prints_no_password(quoted):
    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(quoted, request=request)

    said = refusal(FakeAirflow({}, before=unreachable))
    assert said.startswith("Airflow at http://airflow.example cannot be reached (")
    assert "SECRET" not in said


@pytest.mark.parametrize("host", ["airflow..example", "a" * 64 + ".example"])
def test_an_invalid_host_name_is_reported_as_unreachable(host):
    with AirflowApi(f"http://{host}") as api, pytest.raises(AirflowApiError) as refused:
        api.run("d", "r")
    said = str(refused.value)
    assert said.startswith(f"Airflow at http://{host} cannot be reached (")
    assert said.endswith("host and port of the connection.")


def test_a_proxy_that_is_no_address(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "ftp://me:SECRET@proxy:1")
    with pytest.raises(AirflowApiError) as refused:
        AirflowApi("http://airflow.example")
    assert str(refused.value) == (
        "http://airflow.example, or the URL of a proxy, is not a valid URL: check the connection's host."
    )


_NOT_SIGNED = httpx.Response(403, json={"detail": "Invalid JWT token"})
"""Airflow's response to a token from before its secret was changed."""


@pytest.mark.parametrize("refusal", [httpx.Response(401, json={"detail": "Token Expired"}), _NOT_SIGNED])
def test_a_request_is_retried_after_a_server_error_and_a_token_is_renewed(refusal):
    airflow = FakeAirflow({"s": "deferred"})
    answers = iter([None, httpx.Response(502), None, refusal, None, None])
    airflow.before = lambda _: next(answers, None)
    with airflow.api() as api:
        assert api.run("d", "r")
        assert api.run("d", "r")
    tokens = [path for _, path in airflow.calls if path == "/auth/token"]
    assert len(tokens) == 2


def test_a_token_that_is_not_taken_is_no_want_of_rights():
    airflow = FakeAirflow({})
    airflow.before = lambda request: None if request.url.path == "/auth/token" else _NOT_SIGNED
    with airflow.api() as api, pytest.raises(AirflowUnauthorizedError) as refused:
        api.run("d", "r")
    assert "returned 403 for GET" in str(refused.value)
    assert "rejected the token: check that all API servers use the same jwt_secret" in str(refused.value)


def _forbids(request: httpx.Request) -> httpx.Response | None:
    return httpx.Response(403, json={"detail": "Forbidden"}) if request.method == "PATCH" else None


@pytest.mark.parametrize("names", [("s",), ("s", "t")])
def test_a_login_that_may_only_read_is_a_problem_at_once(names):
    airflow = FakeAirflow(dict.fromkeys(names, "deferred"), before=_forbids)
    outcome = satisfied(airflow, *names, patience=60)
    assert "returned 403 for PATCH" in outcome.problem
    assert "permission to read and edit DAGs, DAG runs and task instances" in outcome.problem
    assert (ids(outcome.satisfied), ids(outcome.left)) == ([], [*names])
    assert len(airflow.writes()) == 1


def test_a_token_that_airflow_rejects_stops_the_work_and_is_reported():
    airflow = FakeAirflow({"s": "deferred", "t": "deferred"})

    def refuse(request: httpx.Request) -> httpx.Response | None:
        is_after = airflow.writes() and request.url.path != "/auth/token"
        return httpx.Response(401) if is_after else None

    airflow.before = refuse
    outcome = satisfied(airflow, "s", "t", patience=60)
    assert "so it rejected the token: check that all API servers" in outcome.problem
    assert ids(outcome.left) == ["s", "t"]
    assert len(airflow.writes()) == 2  # with its first token, and with a new one


def test_what_was_done_before_airflow_went_away_is_not_forgotten():
    airflow = FakeAirflow({"s": "failed", "m": "upstream_failed"}, BELOW, run="failed")
    airflow.before = lambda request: (
        httpx.Response(503) if airflow.states["s"] == "success" and request.method != "PATCH" else None
    )
    outcome = satisfied(airflow, "s")
    assert ids(outcome.satisfied) == ["s"]
    assert "returned 503" in outcome.problem


def test_the_tasks_of_a_dag_are_requested_only_once():
    airflow = FakeAirflow({"s": "failed", "m": "upstream_failed"}, BELOW, run="failed")
    outcome = satisfied(airflow, "s")
    assert (ids(outcome.satisfied), ids(outcome.resumed)) == (["s"], ["s"])
    assert airflow.calls.count(("GET", "d/tasks")) == 1


def test_no_sensors_are_satisfied_without_asking_airflow():
    airflow = FakeAirflow({})
    with airflow.api() as api:
        assert satisfy(api, {}) == Outcome()
    assert airflow.calls == []


@pytest.mark.parametrize(("slo_seconds", "more"), [(None, 0), (60, 2)])
def test_a_sweep_with_nothing_to_do_makes_three_listings_and_two_for_a_team_with_slos(slo_seconds, more):
    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.path == "/api/v2/dags":
            owned = {"dag_id": "shipping_daily", "owners": ["shipping"]}
            return httpx.Response(200, json={"dags": [owned], "total_entries": 1})
        if request.url.path.endswith("/dagRuns/list"):
            return httpx.Response(200, json={"dag_runs": [], "total_entries": 0})
        return None

    wait = a_wait("dim")
    consumer = a_spec(a_task("fct", upstream=(wait.task_id,)), sensors=(wait,))
    entries = {
        "shipping": an_entry("dim", "daily", slo_seconds=slo_seconds),
        "playground": a_wait_entry(consumer),
    }
    airflow = FakeAirflow({}, before=answer)
    with airflow.api() as api:
        assert sweep(api, entries) == SweepResult()
    assert len([path for _, path in airflow.calls if path != "/auth/token"]) == 3 + more


def test_a_run_resumes_when_its_last_failed_sensor_is_satisfied():
    airflow = FakeAirflow(
        {"s": "failed", "t": "failed", "m": "upstream_failed"}, {"s": ["m"], "t": ["m"]}, run="failed"
    )
    first, second = satisfied(airflow, "s"), satisfied(airflow, "t")
    assert (ids(first.satisfied), ids(first.resumed)) == (["s"], [])
    assert (ids(second.satisfied), ids(second.resumed)) == (["t"], ["t"])


def test_a_run_resumes_once_for_several_sensors():
    airflow = FakeAirflow(
        {"s": "failed", "t": "failed", "m": "upstream_failed"}, {"s": ["m"], "t": ["m"]}, run="failed"
    )
    outcome = satisfied(airflow, "s", "t")
    assert ids(outcome.satisfied) == ["s", "t"]
    assert ids(outcome.resumed) == ["t"]


def test_a_run_that_a_person_has_ended_does_not_resume():
    airflow = FakeAirflow({"s": "failed", "m": "skipped"}, BELOW, run="failed", stays_over=True)
    outcome = satisfied(airflow, "s")
    assert (ids(outcome.satisfied), ids(outcome.resumed)) == (["s"], [])


def test_a_sensor_that_had_not_failed_is_no_news():
    assert satisfied(FakeAirflow({"s": "deferred"}), "s").resumed == ()

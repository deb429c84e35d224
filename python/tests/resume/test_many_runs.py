"""Sensors of many runs: marked together in bounded requests, the most urgent first, or one by one if rejected."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import unquote

import httpx
import pytest

from dbt_scheduler.airflow_api.answers import TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.resume import satisfy as satisfying
from dbt_scheduler.resume.satisfy import Outcome, satisfied_note, satisfy

NOTE = satisfied_note("p", "r")
FIRST = datetime(2025, 3, 1, tzinfo=UTC)
ACROSS = "~/dagRuns/~/taskInstances"


class ManyRuns:
    """The public API of an Airflow with some runs of some DAGs, each with sensors ``s0``, ``s1``, ...

    A run is over when its sensors have failed. ``refuse`` may return the response to a PATCH, by its path and the ids in
    it; ``models`` are tasks that are not sensors.
    """

    def __init__(self, dags: int, runs: int, sensors: int, state: str = "deferred", group: str = "") -> None:
        self.models: set[str] = set()
        self.states: dict[tuple[str, str, str], str | None] = {
            (f"d{dag}", f"r{run}", f"{group}s{sensor}"): state
            for run in range(runs)
            for dag in range(dags)
            for sensor in range(sensors)
        }
        self.marked: list[tuple[str, list[tuple[str, str, str]]]] = []
        self.asked = 0
        self.refuse: Callable[[str, list], httpx.Response | None] = lambda *_: None

    def satisfy(self, **options: float) -> Outcome:
        with AirflowApi("http://airflow.example", transport=httpx.MockTransport(self._answer)) as api:
            return satisfy(api, dict.fromkeys(self.sensors(), NOTE), **options)

    def sensors(self) -> list[TaskInstance]:
        """Unsatisfied sensors, the latest first."""
        found = [each for each in self._instances() if each["state"] != "success"]
        return [
            TaskInstance(
                dag_id=each["dag_id"],
                run_id=each["dag_run_id"],
                task_id=each["task_id"],
                state=each["state"],
                run_after=datetime.fromisoformat(each["run_after"]),
            )
            for each in reversed(found)
        ]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.path).removeprefix("/api/v2/dags/")
        body = json.loads(request.content) if request.content else {}
        self.asked += 1
        if path == "/auth/token":
            return httpx.Response(201, json={"access_token": "t"})
        if request.method == "PATCH":
            return self._mark(path, body)
        if path.endswith("/tasks"):
            names = sorted({task for _, _, task in self.states} | self.models)
            return httpx.Response(
                200,
                json={"tasks": [{"task_id": each, "operator_name": self._operator(each)} for each in names]},
            )
        listed, key = (
            (self._instances(), "task_instances") if "taskInstances" in path else (self._runs(), "dag_runs")
        )
        found = [each for each in listed if _meets(each, body)]
        at = body["page_offset"]
        return httpx.Response(200, json={key: found[at : at + 100], "total_entries": len(found)})

    def _mark(self, path: str, body: dict) -> httpx.Response:
        dag_id, _, run_id, _, *task = path.split("/")
        if "/taskGroupInstances/" in path:
            ids = [
                each
                for each in self.states
                if each[:2] == (dag_id, run_id) and each[2].startswith(f"{task[0]}.")
            ]
            return self._record(path, ids)
        entities = [each for action in body.get("actions", ()) for each in action["entities"]]
        ids = [(e["dag_id"], e["dag_run_id"], e["task_id"]) for e in entities] or [(dag_id, run_id, *task)]
        return self._record(path, ids)

    def _record(self, path: str, ids: list[tuple[str, str, str]]) -> httpx.Response:
        self.marked.append((path, ids))
        refused = self.refuse(path, ids)
        if refused is not None:
            return refused
        self.states |= dict.fromkeys(ids, "success")
        return httpx.Response(200, json={"update": {"success": list(map(_named, ids)), "errors": []}})

    def _operator(self, task_id: str) -> str:
        return "DbtOperator" if task_id in self.models else "AssetSensor"

    def _instances(self) -> list[dict]:
        return [
            {
                "dag_id": dag_id,
                "dag_run_id": run_id,
                "task_id": task_id,
                "state": state,
                "run_after": _due(run_id),
                "operator": self._operator(task_id),
                "note": NOTE if state == "success" else None,
            }
            for (dag_id, run_id, task_id), state in self.states.items()
        ]

    def _runs(self) -> list[dict]:
        over = {key[:2] for key, state in self.states.items() if state == "failed"}
        return [
            {
                "dag_id": dag_id,
                "dag_run_id": run_id,
                "state": "failed" if (dag_id, run_id) in over else "running",
                "run_type": "scheduled",
                "run_after": _due(run_id),
            }
            for dag_id, run_id in dict.fromkeys(key[:2] for key in self.states)
        ]


def _due(run_id: str) -> str:
    return (FIRST + timedelta(days=int(run_id[1:]))).isoformat()


def _named(id_: tuple[str, ...]) -> str:
    return ".".join(id_) + "[-1]"


def _meets(each: dict, body: dict) -> bool:
    filters = {"dag_ids": "dag_id", "dag_run_ids": "dag_run_id", "task_ids": "task_id"}
    filters["state" if "task_id" in each else "states"] = "state"
    due = datetime.fromisoformat(each["run_after"])
    return (
        all(each.get(name) in body[key] for key, name in filters.items() if key in body)
        and ("run_after_gte" not in body or datetime.fromisoformat(body["run_after_gte"]) <= due)
        and ("run_after_lte" not in body or due <= datetime.fromisoformat(body["run_after_lte"]))
    )


def test_sensors_of_many_runs_are_marked_together_a_bounded_number_at_a_time():
    airflow = ManyRuns(dags=3, runs=20, sensors=2)
    outcome = airflow.satisfy()
    assert (len(outcome.satisfied), outcome.left) == (120, ())
    assert [(path, len(ids)) for path, ids in airflow.marked] == [(ACROSS, 50), (ACROSS, 50), (ACROSS, 20)]


def test_the_most_urgent_are_marked_first():
    airflow = ManyRuns(dags=1, runs=120, sensors=1)
    airflow.states |= {("d0", "r110", "s0"): "failed", ("d0", "r100", "s0"): "failed"}
    airflow.satisfy()
    order = [run_id for _, ids in airflow.marked for _, run_id, _ in ids]
    assert order == ["r100", "r110", *(f"r{run}" for run in range(120) if run not in (100, 110))]


def test_a_run_with_very_many_sensors_has_a_separate_request():
    airflow = ManyRuns(dags=2, runs=1, sensors=60)
    assert len(airflow.satisfy().satisfied) == 120
    assert sorted((path, len(ids)) for path, ids in airflow.marked) == [
        (f"d{each}/dagRuns/r0/taskInstances", 60) for each in range(2)
    ]


@pytest.mark.parametrize("status", [403, 404, 405, 422])
def test_without_bulk_requests_each_run_is_marked_separately(status):
    """Older releases, and logins with permissions for single DAGs. It is requested once."""
    airflow = ManyRuns(dags=2, runs=40, sensors=2)
    airflow.refuse = lambda path, _: httpx.Response(status, json={}) if path == ACROSS else None
    outcome = airflow.satisfy()
    assert (len(outcome.satisfied), outcome.left, outcome.problem) == (160, (), "")
    assert [path for path, _ in airflow.marked].count(ACROSS) == 1
    assert len(airflow.marked) == 81


def test_a_run_that_a_bulk_request_rejects_is_marked_separately():
    airflow = ManyRuns(dags=1, runs=40, sensors=1)
    refused = ("d0", "r3", "s0")

    def refuse(path: str, ids: list) -> httpx.Response | None:
        if path != ACROSS:
            return None
        done = [each for each in ids if each != refused]
        airflow.states |= dict.fromkeys(done, "success")
        error = {"error": "Task id s0 is already in success state", "status_code": 409}
        update = {"success": list(map(_named, done)), "errors": [error]}
        return httpx.Response(200, json={"update": update})

    airflow.refuse = refuse
    assert len(airflow.satisfy().satisfied) == 40
    assert [path for path, _ in airflow.marked] == [ACROSS, "d0/dagRuns/r3/taskInstances/s0"]


def test_a_dag_that_the_login_may_not_edit_keeps_no_other_from_going_on():
    airflow = ManyRuns(dags=2, runs=10, sensors=1)

    def refuse(path: str, ids: list) -> httpx.Response | None:
        if path != ACROSS:
            return httpx.Response(403, json={})
        done = [each for each in ids if each[0] == "d0"]
        airflow.states |= dict.fromkeys(done, "success")
        error = {"error": "User is not authorized", "status_code": 403}
        return httpx.Response(
            200, json={"update": {"success": list(map(_named, done)), "errors": [error] * 10}}
        )

    airflow.refuse = refuse
    outcome = airflow.satisfy()
    assert {each.dag_id for each in outcome.satisfied} == {"d0"}
    assert [each.dag_id for each in outcome.left] == ["d1"] * 10
    assert "403" in outcome.problem


@pytest.mark.parametrize("status", [409, 500])
def test_runs_of_a_failed_bulk_request_are_marked_separately_and_the_others_together(status):
    airflow = ManyRuns(dags=1, runs=100, sensors=1)
    answers = iter([httpx.Response(status, json={"detail": "Unique constraint violation"})])
    airflow.refuse = lambda path, _: next(answers, None) if path == ACROSS else None
    assert len(airflow.satisfy().satisfied) == 100
    assert [path for path, _ in airflow.marked].count(ACROSS) == 2
    assert len(airflow.marked) == 2 + 50


def test_what_there_was_no_time_for_is_named_and_done_the_next_time(monkeypatch):
    airflow = ManyRuns(dags=1, runs=120, sensors=1)
    clock = SimpleNamespace(monotonic=lambda: 100.0 * len(airflow.marked))
    monkeypatch.setattr(satisfying, "time", clock)
    first = airflow.satisfy(patience_seconds=60)
    assert (len(first.satisfied), len(first.left), first.problem) == (50, 70, "")
    assert {each.run_id for each in first.satisfied} == {f"r{run}" for run in range(50)}
    monkeypatch.undo()
    assert (len(airflow.satisfy().satisfied), airflow.sensors()) == (70, [])


def test_the_number_of_requests_does_not_grow_with_the_number_of_runs():
    """2,000 failed sensors, in 400 finished runs."""
    airflow = ManyRuns(dags=20, runs=20, sensors=5, state="failed")
    outcome = airflow.satisfy()
    assert (len(outcome.satisfied), len(outcome.resumed)) == (2000, 400)
    assert len(airflow.marked) == 40
    assert airflow.asked < 300


GROUP = "wait_for__hard_dependencies"


@pytest.mark.parametrize("state", ["deferred", "failed"])
def test_a_group_of_sensors_of_which_all_data_is_there_is_marked_as_such(state):
    """500 sensors: Airflow loads a DAG 100 times for them."""
    airflow = ManyRuns(dags=10, runs=10, sensors=5, state=state, group=f"{GROUP}.")
    outcome = airflow.satisfy()
    assert (len(outcome.satisfied), len(outcome.resumed)) == (500, 100 if state == "failed" else 0)
    runs = [f"d{dag}/dagRuns/r{run}" for dag in range(10) for run in range(10)]
    assert sorted(path for path, _ in airflow.marked) == sorted(
        f"{run}/taskGroupInstances/{GROUP}" for run in runs
    )


@pytest.mark.parametrize("other", ["deferred", "failed", "skipped", None])
def test_a_group_is_not_marked_as_such_while_another_of_its_sensors_waits(other):
    airflow = ManyRuns(dags=1, runs=2, sensors=2, group=f"{GROUP}.")
    arrived = {each.id_ for each in airflow.sensors()}
    waits = ("d0", "r1", f"{GROUP}.other")
    airflow.states |= {waits: other, ("d0", "r0", f"{GROUP}.other"): "success"}
    with AirflowApi("http://airflow.example", transport=httpx.MockTransport(airflow._answer)) as api:
        outcome = satisfy(api, {each: NOTE for each in airflow.sensors() if each.id_ in arrived})
    assert len(outcome.satisfied) == 4
    assert airflow.states[waits] == other
    assert [path for path, _ in airflow.marked] == [
        f"d0/dagRuns/r0/taskGroupInstances/{GROUP}",
        "d0/dagRuns/r1/taskInstances",
    ]


def test_a_group_is_not_marked_as_such_when_something_else_is_in_it():
    airflow = ManyRuns(dags=1, runs=1, sensors=2, group=f"{GROUP}.")
    airflow.models = {f"{GROUP}.nested.model"}
    assert len(airflow.satisfy().satisfied) == 2
    assert [path for path, _ in airflow.marked] == ["d0/dagRuns/r0/taskInstances"]


@pytest.mark.parametrize("status", [404, 405])
def test_an_airflow_without_task_groups_in_its_api_gets_one_request(status):
    airflow = ManyRuns(dags=1, runs=3, sensors=2, group=f"{GROUP}.")
    airflow.refuse = lambda path, _: httpx.Response(status, json={}) if GROUP in path else None
    assert len(airflow.satisfy().satisfied) == 6
    assert [path for path, _ in airflow.marked] == [f"d0/dagRuns/r0/taskGroupInstances/{GROUP}", ACROSS]


def test_a_group_that_airflow_did_not_mark_is_marked_otherwise():
    airflow = ManyRuns(dags=1, runs=2, sensors=2, group=f"{GROUP}.")
    airflow.refuse = lambda path, _: httpx.Response(409, json={}) if "r0/taskGroup" in path else None
    assert len(airflow.satisfy().satisfied) == 4
    assert [path for path, _ in airflow.marked] == [
        f"d0/dagRuns/r0/taskGroupInstances/{GROUP}",
        f"d0/dagRuns/r1/taskGroupInstances/{GROUP}",
        "d0/dagRuns/r0/taskInstances",
    ]

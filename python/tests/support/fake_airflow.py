"""A fake of Airflow's public API at the HTTP border: a few runs in memory, and responses that a test can replace."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

import httpx

from dbt_scheduler.airflow_api.client import AirflowApi

DUE = "2025-03-02T00:10:00Z"
LIST = "/taskInstances/list"
PASSWORD = "secret"  # noqa: S105 - of nothing


@dataclass
class FakeAirflow:
    """One DAG ``d`` with one run ``r``: its tasks' states, their downstream tasks, and all requests.

    All tasks have the same ``operator``, and the DAG has these ``owners``. A finished run resumes when a task is marked,
    unless ``stays_over`` is set. ``before`` is called with each request, and may return the response itself.
    """

    states: dict[str, str | None]
    below: dict[str, list[str]] = field(default_factory=dict)
    run: str = "running"
    password: str = PASSWORD
    before: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
    calls: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    owners: tuple[str, ...] = ("shop",)
    operator: str = "AssetSensor"
    stays_over: bool = False

    def api(self, password: str = PASSWORD, seconds: float = 30) -> AirflowApi:
        """A session with the API."""
        transport = httpx.MockTransport(self._answer)
        return AirflowApi(
            "http://airflow.example/", "me", password, budget_seconds=seconds, transport=transport
        )

    def writes(self) -> list[tuple[str, str]]:
        """The requests that change something."""
        return [(method, path) for method, path in self.calls if method == "PATCH" or "clear" in path]

    def _answer(self, request: httpx.Request) -> httpx.Response:  # noqa: PLR0911 - one for each call
        path = unquote(request.url.raw_path.decode()).removeprefix("/api/v2/dags/")
        self.calls.append((request.method, path))
        spoiled = self.before(request)
        if spoiled is not None:
            return spoiled
        body = json.loads(request.content) if request.content else {}
        if path == "/auth/token":
            known = body == {"username": "me", "password": self.password}
            return httpx.Response(201, json={"access_token": "t"}) if known else httpx.Response(401)
        if path.startswith("/api/v2/dags?owners="):
            return httpx.Response(
                200, json={"dags": [{"dag_id": "d", "owners": self.owners}], "total_entries": 1}
            )
        if path.endswith(LIST):
            return self._list(body)
        if path == "d/tasks":
            tasks = [
                {
                    "task_id": name,
                    "downstream_task_ids": self.below.get(name, []),
                    "operator_name": self.operator,
                }
                for name in self.states
            ]
            return httpx.Response(200, json={"tasks": tasks})
        if path == "d/dagRuns/r":
            self.run = body.get("state", self.run)
            return httpx.Response(200, json=self._run())
        if path == "~/dagRuns/list":
            return httpx.Response(200, json={"dag_runs": [self._run()], "total_entries": 1})
        if path == "d/clearTaskInstances":
            self.states |= dict.fromkeys(body["task_ids"])
            return httpx.Response(200, json={})
        return self._mark(path, body)

    def _mark(self, path: str, body: dict) -> httpx.Response:
        if "actions" in body:
            (action,) = body["actions"]
            for each in action["entities"]:
                self._satisfy(each["task_id"], each["note"])
            return httpx.Response(200, json={"update": {"success": [], "errors": []}})
        task_id = path.rpartition("/")[2]
        if task_id not in self.states:
            return httpx.Response(404, json={})
        self._satisfy(task_id, body["note"])
        return httpx.Response(200, json={})

    def _satisfy(self, task_id: str, note: str) -> None:
        self.states[task_id] = "success"
        self.notes[task_id] = note
        if self.run == "failed" and not self.stays_over:
            self.run = "queued"

    def _list(self, body: dict) -> httpx.Response:
        wanted, states = body.get("task_ids"), body.get("state")
        found = [
            {
                "dag_id": "d",
                "dag_run_id": "r",
                "task_id": name,
                "state": state,
                "run_after": DUE,
                "operator": self.operator,
                "note": self.notes.get(name),
            }
            for name, state in self.states.items()
            if (wanted is None or name in wanted) and (states is None or state in states)
        ]
        at = body["page_offset"]
        page = found[at : at + min(body["page_limit"], 100)]
        return httpx.Response(200, json={"task_instances": page, "total_entries": len(found)})

    def _run(self) -> dict[str, str]:
        return {
            "dag_id": "d",
            "dag_run_id": "r",
            "state": self.run,
            "run_type": "scheduled",
            "run_after": DUE,
            "data_interval_start": "2025-03-01T00:10:00Z",
            "data_interval_end": DUE,
        }

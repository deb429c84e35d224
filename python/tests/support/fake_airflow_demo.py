"""A fake of Airflow's API at the HTTP border for the demo: its state changes while the demo sleeps."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

import httpx

ENDED = ("success", "failed")


@dataclass
class Clock:
    """A clock that advances only while someone sleeps; then ``world`` is called."""

    now: float = 0.0
    world: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.world()


@dataclass
class FakeAirflow:
    """Runs and task instances in memory, and one backfill per DAG at a time.

    A backfill is complete after its run has ended and the demo has slept ``completes_after`` more times. ``new_run`` is
    called with each new run; ``before`` is called with each request, and may return the response itself.
    """

    completes_after: int = 0
    new_run: Callable[[dict], None] = lambda _: None
    before: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
    runs: list[dict] = field(default_factory=list)
    tasks: list[dict] = field(default_factory=list)
    backfills: list[dict] = field(default_factory=list)
    pools: list[dict] = field(default_factory=list)
    refused: int = 0
    page: int = 1000

    def http(self) -> httpx.Client:
        return httpx.Client(base_url="http://127.0.0.1:1", transport=httpx.MockTransport(self._answer))

    def set_task(self, dag_id: str, task_id: str, state: str | None, **more: object) -> None:
        """Set the state of a task in the newest run of a DAG."""
        run = [each for each in self.runs if each["dag_id"] == dag_id][-1]
        same = [
            task
            for task in self.tasks
            if (task["dag_id"], task["task_id"], task["logical_date"])
            == (dag_id, task_id, run["logical_date"])
        ]
        if not same:
            same = [_task(run, task_id, len(self.tasks))]
            self.tasks += same
        same[0].update(state=state, **more)

    def set_run(self, dag_id: str, state: str) -> None:
        """Set the state of the newest run of a DAG."""
        [each for each in self.runs if each["dag_id"] == dag_id][-1]["state"] = state

    def pass_time(self) -> None:
        """Like the scheduler, mark backfills as complete after this number of sleeps since their run's end."""
        for backfill, run in zip(self.backfills, self.runs, strict=True):
            if run["state"] in ENDED:
                backfill["age"] += 1
                if backfill["age"] > self.completes_after:
                    backfill["completed_at"] = "2025-09-10T02:00:00Z"

    def _answer(self, request: httpx.Request) -> httpx.Response:
        spoiled = self.before(request)
        if spoiled is not None:
            return spoiled
        path = unquote(request.url.path).removeprefix("/api/v2/")
        body = json.loads(request.content) if request.content else {}
        if request.method == "POST":
            return self._backfill(body) if path == "backfills" else self._pool(body)
        which = request.url.params
        if path == "backfills":
            return self._list("backfills", self.backfills, which, which["dag_id"])
        if path == "pools":
            return self._list("pools", self.pools, which, "~")
        dag_id = path.split("/")[1]
        if path.endswith("taskInstances"):
            return self._list("task_instances", self.tasks, which, dag_id)
        return self._list("dag_runs", self.runs, which, dag_id)

    def _backfill(self, body: dict) -> httpx.Response:
        dag_id = body["dag_id"]
        if any(each["dag_id"] == dag_id and not each["completed_at"] for each in self.backfills):
            self.refused += 1
            detail = f"There is already a running backfill for dag {dag_id}"
            return httpx.Response(409, json={"detail": detail})
        run = {"dag_id": dag_id, "logical_date": body["from_date"], "state": "queued"}
        self.backfills.append({"dag_id": dag_id, "completed_at": None, "age": 0})
        self.runs.append(run)
        self.new_run(run)
        return httpx.Response(200, json={})

    def _pool(self, body: dict) -> httpx.Response:
        if body["name"] in {pool["name"] for pool in self.pools}:
            return httpx.Response(409, json={"detail": "Unique constraint violation"})
        self.pools.append(body)
        return httpx.Response(201, json=body)

    def _list(self, key: str, found: list[dict], which: httpx.QueryParams, dag_id: str) -> httpx.Response:
        found = [each for each in found if dag_id in ("~", each.get("dag_id"))]
        at = int(which.get("offset", 0))
        page = found[at : at + min(int(which.get("limit", 50)), self.page)]
        return httpx.Response(200, json={key: page, "total_entries": len(found)})


def _task(run: dict, task_id: str, number: int) -> dict:
    return {
        "id": str(number),
        "dag_id": run["dag_id"],
        "dag_run_id": f"backfill__{run['logical_date']}",
        "task_id": task_id,
        "logical_date": run["logical_date"],
        "state": None,
        "try_number": 1,
        "start_date": "2025-09-10T01:00:00Z",
        "end_date": "2025-09-10T01:00:01Z",
        "duration": 1.0,
        "note": None,
    }

"""A fake Airflow at the HTTP border: a server with the DAGs, runs and tasks that a test defines."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from builders import SCHEDULES
from dbt_scheduler.schedule import run_interval

SENSOR = "wait_for__hard_dependencies.fct"


class FakeAirflow:
    """Serves the defined runs, through the few API endpoints that an explanation uses."""

    def __init__(self) -> None:
        self.paused: dict[str, bool] = {}
        self.dags: dict[str, dict[str, Any]] = {}
        self.backfills: list[dict[str, Any]] = []
        self.pools: dict[str, Any] = {"default_pool": {"slots": 128, "open_slots": 128}}
        self.runs: list[dict[str, Any]] = []
        self.tasks: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.asked: list[str] = []
        self.answer: tuple[int, bytes] | None = None
        self.hidden: set[str] = set()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                self._answer(json.loads(self.rfile.read(length)))

            def _answer(self, body: dict[str, Any]) -> None:
                code, content = fake.reply(self.path, body)
                self.send_response(code)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def deployed(self, *dag_ids: str) -> None:
        self.paused |= dict.fromkeys(dag_ids, False)

    def run(self, dag_id: str, at: str, state: str = "running", kind: str = "scheduled", **tasks: Any) -> str:
        """Add a run with tasks by their id (``__`` is a dot), each a state or the API's fields; ``run_id`` sets its id."""
        start = datetime.fromisoformat(at).replace(tzinfo=UTC)
        interval = run_interval(SCHEDULES[dag_id.rpartition("_")[2]], start)
        run_id: str = tasks.pop("run_id", None) or f"{kind}__{interval.end:%Y-%m-%dT%H:%M}"
        self.deployed(*{dag_id} - self.paused.keys())
        self.runs.append(
            {
                "dag_id": dag_id,
                "dag_run_id": run_id,
                "run_type": kind,
                "state": state,
                "run_after": interval.end.isoformat(),
                "logical_date": start.isoformat(),
                "data_interval_start": start.isoformat(),
                "data_interval_end": interval.end.isoformat(),
                "conf": tasks.pop("conf", None),
            }
        )
        for name, said in tasks.items():
            task_id = SENSOR if name == "fct_sensor" else name if "." in name else name.replace("__", ".")
            self.tasks[dag_id, run_id, task_id] = {
                "dag_id": dag_id,
                "dag_run_id": run_id,
                "task_id": task_id,
                "run_after": interval.end.isoformat(),
                "start_date": "2025-06-06T00:10:30Z",
                "end_date": "2025-06-06T00:20:00Z",
                "try_number": 1,
                "max_tries": 0,
                "pool": "default_pool",
                **(said if isinstance(said, dict) else {"state": said}),
            }
        return run_id

    def reply(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        url = urlsplit(path)
        if url.path == "/auth/token":
            return 201, b'{"access_token": "t"}'
        self.asked.append(path)
        if url.path.startswith("/api/v2/pools/"):
            name = unquote(url.path.rpartition("/")[2])
            return (200, json.dumps(self.pools[name]).encode()) if name in self.pools else (404, b"{}")
        if url.path == "/api/v2/backfills":
            if not self.backfills:
                return 403, b"{}"
            return 200, json.dumps({"backfills": self.backfills, "total_entries": 1}).encode()
        if self.answer or unquote(url.path.rpartition("/")[2]) in self.hidden:
            return self.answer or (403, b"{}")
        parts, query = [unquote(part) for part in url.path.split("/")[4:]], parse_qs(url.query)
        found = self._found(parts, query, body) if parts else self._owned(query)
        return (404, b"{}") if found is None else (200, json.dumps(found).encode())

    def _found(self, parts: list[str], query: dict[str, list[str]], body: dict[str, Any]) -> Any:
        if parts[-2:] == ["dagRuns", "list"]:
            states = body.get("states")
            runs = [run for run in self.runs if states is None or run["state"] in states]
            return self._listed(body, "dag_runs", runs)
        if parts[-1] == "list":
            names = {
                "dag_run_id": body.get("dag_run_ids"),
                "task_id": body["task_ids"],
                "state": body.get("state"),
            }
            lasted = body.get("duration_gte")
            found = [
                task
                for _, task in sorted(self.tasks.items())
                if all(wanted is None or task[name] in wanted for name, wanted in names.items())
                and (lasted is None or _duration(task) >= lasted)
            ]
            return self._listed(body, "task_instances", found)
        dag_id = parts[0]
        if dag_id not in self.paused:
            return None
        if len(parts) == 1:
            return {"is_paused": self.paused[dag_id], "max_active_runs": 4, **self.dags.get(dag_id, {})}
        runs = sorted(
            (run for run in self.runs if run["dag_id"] == dag_id),
            key=lambda run: run["run_after"],
            reverse=True,
        )
        if len(parts) == 3:
            return next((run for run in runs if run["dag_run_id"] == parts[2]), None)
        return {"dag_runs": runs[: int(query["limit"][0])], "total_entries": len(runs)}

    def _owned(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """The DAGs of some owners; the owner of a DAG is the team that its name begins with."""
        dags = [{"dag_id": each, "owners": [each.rpartition("_")[0]]} for each in sorted(self.paused)]
        found = [each for each in dags if each["owners"][0] in query["owners"]]
        at = int(query["offset"][0])
        return {"dags": found[at : at + int(query["limit"][0])], "total_entries": len(found)}

    def _listed(self, body: dict[str, Any], name: str, found: list[dict[str, Any]]) -> dict[str, Any]:
        dag_ids = frozenset(body["dag_ids"]) - self.hidden
        found = [each for each in found if each["dag_id"] in dag_ids and _is_within(each, body)]
        if body["order_by"].startswith("-"):
            found.sort(key=lambda each: datetime.fromisoformat(each["run_after"]), reverse=True)
        page = found[body["page_offset"] :][: body["page_limit"]]
        return {name: page, "total_entries": len(found)}


def _duration(task: dict[str, Any]) -> float:
    """The duration of a task instance, in seconds."""
    start, end = (task[name] and datetime.fromisoformat(task[name]) for name in ("start_date", "end_date"))
    return (end - start).total_seconds() if start and end else -1.0


def _is_within(run: dict[str, Any], body: dict[str, Any]) -> bool:
    """Whether a run's dates are within the bounds of a request."""
    for key in ("logical_date", "run_after"):
        moment = run.get(key) and datetime.fromisoformat(run[key])
        if f"{key}_gte" in body and not (moment and moment >= datetime.fromisoformat(body[f"{key}_gte"])):
            return False
        if f"{key}_lte" in body and not (moment and moment <= datetime.fromisoformat(body[f"{key}_lte"])):
            return False
    return True

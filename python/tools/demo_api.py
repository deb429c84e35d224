"""What the demo asks of Airflow's API, and how it waits: for a state, for as long as Airflow is alive."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

import httpx
from demo_processes import Login
from demo_teams import FailedError

PATIENCE_SECONDS = 900.0
"""For one step; it only ends what would never end. A busy machine needs minutes for what takes seconds."""

_PAGE = 1000
_CONFLICT = 409
_Found = TypeVar("_Found")


class TooLateError(FailedError):
    """What was waited for did not come in time."""


@dataclass(frozen=True)
class Run:
    """A run of a DAG that the demo asks for, by the start of its data interval."""

    dag_id: str
    start: datetime


class Api:
    """Airflow's public API. Whoever does not answer, or is busy, is asked again.

    ``check`` is called at each look, and raises when Airflow is not alive any more.
    """

    def __init__(
        self,
        http: httpx.Client,
        check: Callable[[], None],
        login: Login | None = None,
        pause_seconds: float = 1.0,
    ) -> None:
        self._http = http
        self._check = check
        self._login = login
        self._pause_seconds = pause_seconds
        self._trouble = ""

    @property
    def url(self) -> str:
        """Where people find Airflow."""
        return str(self._http.base_url).rstrip("/")

    def wait_for(
        self, what: str, look: Callable[[], _Found | None], patience: float = PATIENCE_SECONDS
    ) -> _Found:
        """The first thing that a look finds; TooLateError when patience ends before that."""
        deadline = time.monotonic() + patience
        while (found := look()) is None:
            self._check()
            if time.monotonic() > deadline:
                raise TooLateError(f"waited {patience:.0f} s for {what}{self._trouble}")
            time.sleep(self._pause_seconds)
        return found

    def wait_until_healthy(self) -> None:
        """Until all of Airflow's parts say that they are; then log in, without a login as nobody in particular."""
        self.wait_for("Airflow to be healthy", self._healthy)
        token = self._token()["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def _token(self) -> dict:
        if self._login is None:
            return self._get("/auth/token")
        body = {"username": self._login.name, "password": self._login.password}
        return self.wait_for("a token", partial(self._ask, "POST", "/auth/token", json=body))

    def wait_for_dags(self, dag_ids: list[str]) -> None:
        """Until Airflow has read these DAGs; FailedError with its import errors."""

        def loaded() -> bool | None:
            errors = self._all("/api/v2/importErrors", "import_errors")
            if errors:
                raise FailedError("\n".join(f"{e['filename']}\n{e['stack_trace']}" for e in errors))
            return {dag["dag_id"] for dag in self._all("/api/v2/dags", "dags")} >= set(dag_ids) or None

        self.wait_for("the DAGs", loaded)

    def create_pool(self, name: str) -> None:
        """A pool of one slot."""
        self.wait_for(f"the pool {name}", partial(self._find_or_create_pool, name))

    def create_runs(self, runs: list[Run]) -> None:
        """A backfill of one run each: it gets the data interval that a scheduled run would have."""
        for run in runs:
            self.wait_for(f"a run of {run.dag_id} from {run.start}", partial(self._find_or_create, run))

    def run_states(self) -> dict[Run, str]:
        """The state of every run."""
        found = self._all("/api/v2/dags/~/dagRuns", "dag_runs")
        return {
            Run(run["dag_id"], datetime.fromisoformat(run["logical_date"])): run["state"] for run in found
        }

    def task_instances(self, dag_id: str = "~") -> list[dict]:
        """Every task instance of a DAG's runs, or of all runs, as the API tells it."""
        return self._all(f"/api/v2/dags/{dag_id}/dagRuns/~/taskInstances", "task_instances")

    def _healthy(self) -> bool | None:
        health = self._ask("GET", "/api/v2/monitor/health") or {}
        parts = ("scheduler", "dag_processor", "triggerer")
        return all(health.get(part, {}).get("status") == "healthy" for part in parts) or None

    def _find_or_create_pool(self, name: str) -> bool | None:
        if name in {pool["name"] for pool in self._all("/api/v2/pools", "pools")}:
            return True
        self._ask("POST", "/api/v2/pools", json={"name": name, "slots": 1})
        return None

    def _find_or_create(self, run: Run) -> bool | None:
        """Whether a run is there; it is asked for once every earlier backfill of its DAG is complete.

        Airflow has one backfill of a DAG at a time. That one is complete it notes up to half a minute after
        its last run has ended.
        """
        if run in self.run_states():
            return True
        backfills = self._all("/api/v2/backfills", "backfills", dag_id=run.dag_id)
        if all(backfill["completed_at"] for backfill in backfills):
            when = run.start.isoformat()
            body = {"dag_id": run.dag_id, "from_date": when, "to_date": when}
            self._ask("POST", "/api/v2/backfills", json=body)  # what came of it is seen at the next look
        return None

    def _all(self, path: str, key: str, **which: str) -> list[dict]:
        """All pages of a listing."""
        found: list[dict] = []
        while True:
            page = self._get(path, limit=_PAGE, offset=len(found), **which)
            found += page[key]
            if not page[key] or len(found) >= page["total_entries"]:
                return found

    def _get(self, path: str, **params: str | int) -> dict:
        return self.wait_for(f"an answer to {path}", partial(self._ask, "GET", path, params=params))

    def _ask(self, method: str, path: str, **content: dict) -> dict | None:
        """The answer; None when there is none now: a busy machine, a locked database, somebody was faster."""
        try:
            answer = self._http.request(method, path, **content)
        except httpx.TransportError as error:
            self._trouble = f"\n{method} {path}: {error!r}"
            return None
        if answer.is_server_error or answer.status_code == _CONFLICT:
            self._trouble = f"\n{method} {path}: {answer.text}"
            return None
        if answer.is_error:
            raise FailedError(f"Airflow refused {path}: {answer.text}")
        return answer.json()

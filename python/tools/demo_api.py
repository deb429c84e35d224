"""The demo's client of Airflow's API, which waits for states as long as Airflow is alive."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

import httpx
from demo_processes import Login
from demo_teams import FailedError

TIMEOUT_SECONDS = 900.0
"""The time limit for one step, for steps that never finish: a busy machine may need minutes instead of seconds."""

_PAGE = 1000
_CONFLICT = 409
_Found = TypeVar("_Found")


class TooLateError(FailedError):
    """A wait exceeded its time limit."""


@dataclass(frozen=True)
class Run:
    """A DAG run, by the start of its data interval."""

    dag_id: str
    start: datetime


class Api:
    """Airflow's public API; repeats requests without a response, and those that a busy Airflow rejects.

    ``check`` is called at each repetition, and raises if Airflow is no longer alive.
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
        """The URL of the Airflow UI."""
        return str(self._http.base_url).rstrip("/")

    def wait_for(
        self, what: str, look: Callable[[], _Found | None], timeout_seconds: float = TIMEOUT_SECONDS
    ) -> _Found:
        """The first result of ``look`` that is not None; TooLateError after ``timeout_seconds``."""
        deadline = time.monotonic() + timeout_seconds
        while (found := look()) is None:
            self._check()
            if time.monotonic() > deadline:
                raise TooLateError(f"waited {timeout_seconds:.0f} s for {what}{self._trouble}")
            time.sleep(self._pause_seconds)
        return found

    def wait_until_healthy(self) -> None:
        """Wait until all of Airflow's components are healthy, then get a token, without a login if there is none."""
        self.wait_for("Airflow to be healthy", self._healthy)
        token = self._token()["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def _token(self) -> dict:
        if self._login is None:
            return self._get("/auth/token")
        body = {"username": self._login.name, "password": self._login.password}
        return self.wait_for("a token", partial(self._ask, "POST", "/auth/token", json=body))

    def wait_for_dags(self, dag_ids: list[str]) -> None:
        """Wait until Airflow has parsed these DAGs; FailedError if there are import errors."""

        def loaded() -> bool | None:
            errors = self._all("/api/v2/importErrors", "import_errors")
            if errors:
                raise FailedError("\n".join(f"{e['filename']}\n{e['stack_trace']}" for e in errors))
            return {dag["dag_id"] for dag in self._all("/api/v2/dags", "dags")} >= set(dag_ids) or None

        self.wait_for("the DAGs", loaded)

    def create_pool(self, name: str) -> None:
        """Create a pool with one slot, unless it exists."""
        self.wait_for(f"the pool {name}", partial(self._find_or_create_pool, name))

    def create_runs(self, runs: list[Run]) -> None:
        """Create each run with a backfill, so that it has the data interval of a scheduled run."""
        for run in runs:
            self.wait_for(f"a run of {run.dag_id} from {run.start}", partial(self._find_or_create, run))

    def run_states(self) -> dict[Run, str]:
        """The states of all runs."""
        found = self._all("/api/v2/dags/~/dagRuns", "dag_runs")
        return {
            Run(run["dag_id"], datetime.fromisoformat(run["logical_date"])): run["state"] for run in found
        }

    def task_instances(self, dag_id: str = "~") -> list[dict]:
        """All task instances of a DAG's runs, or of all runs, as returned by the API."""
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
        """True if the run exists; otherwise create it, once all earlier backfills of the DAG are complete.

        Airflow allows one backfill per DAG at a time, and marks it as complete up to half a minute after the end of
        its last run.
        """
        if run in self.run_states():
            return True
        backfills = self._all("/api/v2/backfills", "backfills", dag_id=run.dag_id)
        if all(backfill["completed_at"] for backfill in backfills):
            when = run.start.isoformat()
            body = {"dag_id": run.dag_id, "from_date": when, "to_date": when}
            self._ask("POST", "/api/v2/backfills", json=body)  # the next look finds the run
        return None

    def _all(self, path: str, key: str, **which: str) -> list[dict]:
        """The entries on all pages of a list."""
        found: list[dict] = []
        while True:
            page = self._get(path, limit=_PAGE, offset=len(found), **which)
            found += page[key]
            if not page[key] or len(found) >= page["total_entries"]:
                return found

    def _get(self, path: str, **params: str | int) -> dict:
        return self.wait_for(f"a response from {path}", partial(self._ask, "GET", path, params=params))

    def _ask(self, method: str, path: str, **content: dict) -> dict | None:
        """The response; None to try again: a connection error, a server error, or a conflict."""
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

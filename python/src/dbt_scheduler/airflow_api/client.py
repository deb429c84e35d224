"""The calls to Airflow's public REST API, all in this module."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import httpx

from dbt_scheduler.airflow_api.answers import (
    Backfill,
    BackfilledRuns,
    Backfills,
    Bulk,
    Dag,
    Dags,
    Health,
    NewestRuns,
    Owned,
    Pool,
    Refusal,
    Run,
    RunKey,
    Runs,
    TaskInfo,
    TaskInstance,
    TaskInstances,
    Tasks,
    Version,
)
from dbt_scheduler.airflow_api.errors import AirflowApiError, AirflowForbiddenError
from dbt_scheduler.airflow_api.http import AirflowHttp
from dbt_scheduler.airflow_api.rights import Right
from dbt_scheduler.airflow_api.run_filter import RunFilter

_RUNS = "/api/v2/dags/~/dagRuns/list"
_TASK_INSTANCES = "/api/v2/dags/~/dagRuns/~/taskInstances/list"

_RUNS_PAGE, _TASKS_PAGE = 100, 500
"""Airflow 3.1 to 3.3 does not limit the pages of these lists. For each run on a page, it reads more than the run: in 3.1,
all of its tasks; and a page of 500 runs has crashed an API server of 3.3.2 with SQLite."""

BACKFILL_SECONDS = 300.0
"""Airflow processes each date of a backfill separately: a year of hourly runs takes minutes."""

_NAMES = 50
"""The number of names per URL."""

_REFUSED, _CONFLICT = 400, 409
_UNKNOWN = (404, 405, 422)
"""The responses of an Airflow version that does not support a request."""


class AirflowApi:
    """A session with an Airflow, within a time budget; may be used from several threads.

    Without a login, it requests an anonymous token, which only an Airflow without users grants. Reads are retried after
    a failed connection or a server error; writes are not, because only the caller knows whether they are still needed.
    All methods raise AirflowApiError. ``token_source`` is one of ``tokens``, for an Airflow that does not grant tokens
    itself.
    """

    def __init__(  # noqa: PLR0913 - the fields of a connection
        self,
        url: str,
        login: str | None = None,
        password: str | None = None,
        *,
        budget_seconds: float = 300,
        transport: httpx.BaseTransport | None = None,
        token_source: str | None = None,
    ) -> None:
        credentials = (login or "", password or "")
        self._http = AirflowHttp(url, credentials, budget_seconds, transport, token_source)
        self._tasks: dict[str, tuple[TaskInfo, ...]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    @property
    def url(self) -> str:
        """The base URL of this Airflow, without a trailing slash."""
        return self._http.url

    @property
    def seconds_left(self) -> float:
        """The rest of the time budget in seconds; zero or less if it is used up."""
        return self._http.seconds_left

    def allow(self, seconds: float) -> None:
        """Extend the budget, if less than this is left."""
        self._http.allow(seconds)

    def pause(self, seconds: float) -> None:
        """Sleep for about this long, within the budget; it varies, so that two callers do not collide again and again."""
        self._http.pause(seconds)

    def version(self) -> str:
        """Airflow's version; empty if it does not return one."""
        found = self._http.read("/api/v2/version", Version)
        return found.version if found else ""

    def health(self) -> Health:
        """The health of Airflow's other components."""
        return self._http.read("/api/v2/monitor/health", Health) or Health()

    def has_right(self, right: Right, dag_id: str) -> bool:
        """Whether the login has a permission on a DAG, or on all (``ALL_DAGS``), by a request that changes nothing."""
        try:
            reply = self._http.request(right.method, f"{_dag_path(dag_id)}{right.path}", right.body)
        except AirflowForbiddenError:
            return False
        if reply.is_server_error:
            self._http.raise_for_status(reply)
        return True

    def dag(self, dag_id: str) -> Dag | None:
        """A DAG; None if Airflow does not have it."""
        return self._http.read(_dag_path(dag_id), Dag)

    def runs(self, where: RunFilter) -> list[Run]:
        """Runs of any DAGs (``run_ids`` and ``task_ids`` do not apply)."""
        return self._http.search(_RUNS, _run_body(where), Runs)

    def newest_runs_first(self, where: RunFilter) -> Iterator[tuple[list[Run], bool]]:
        """The same by page, each with whether it is the last one; the latest ``run_after`` first, some perhaps twice."""
        return self._http.search_newest(
            _RUNS, _run_body(where), Runs, order_by="run_after", page_limit=_RUNS_PAGE
        )

    def task_instances(self, where: RunFilter) -> list[TaskInstance]:
        """Task instances of any DAGs and runs."""
        return self._http.search(_TASK_INSTANCES, _task_body(where), TaskInstances)

    def newest_task_instances_first(self, where: RunFilter) -> Iterator[tuple[list[TaskInstance], bool]]:
        """The same by page, each with whether it is the last one; the newest first, some perhaps twice."""
        return self._http.search_newest(
            _TASK_INSTANCES, _task_body(where), TaskInstances, order_by="id", page_limit=_TASKS_PAGE
        )

    def run(self, dag_id: str, run_id: str) -> Run | None:
        """A run; None if it does not exist."""
        if "/" in run_id:
            return None  # even if it is encoded, servers read it as another path
        return self._http.read(_run_path(dag_id, run_id), Run)

    def newest_runs(self, dag_id: str, count: int) -> tuple[Run, ...]:
        """The runs of a DAG with the latest ``run_after``, the newest first."""
        query = urlencode({"order_by": "-run_after", "limit": count})
        found = self._http.read(f"{_dag_path(dag_id)}/dagRuns?{query}", NewestRuns)
        return found.dag_runs if found else ()

    def current_backfill(self, dag_id: str) -> Backfill | None:
        """The backfill of a DAG that is not complete; None without one. Airflow allows one at a time."""
        query = urlencode({"dag_id": dag_id, "order_by": "-id", "limit": 1})
        found = self._http.read(f"/api/v2/backfills?{query}", Backfills)
        return next((each for each in found.backfills if each.completed_at is None), None) if found else None

    def backfill_dates(self, body: dict[str, object]) -> tuple[datetime, ...]:
        """The logical dates of the runs that a backfill with this request body would create."""
        reply = self._http.request("POST", "/api/v2/backfills/dry_run", body, BACKFILL_SECONDS)
        self._http.raise_for_status(reply)
        return tuple(each.logical_date for each in self._http.decode(reply, BackfilledRuns).backfills)

    def make_backfill(self, body: dict[str, object]) -> None:
        """Start a backfill with this request body."""
        reply = self._http.request("POST", "/api/v2/backfills", body, BACKFILL_SECONDS)
        if reply.status_code == _CONFLICT:
            raise AirflowApiError(f"Another backfill of {body['dag_id']} is already running.")
        self._http.raise_for_status(reply)

    def make_run(self, dag_id: str, body: dict[str, object]) -> Run | None:
        """Trigger a manual run with this request body; None if the run_id or the logical date is taken."""
        reply = self._http.request("POST", f"{_dag_path(dag_id)}/dagRuns", body)
        if reply.status_code == _CONFLICT:
            return None
        if reply.status_code == _REFUSED:
            detail = self._http.decode(reply, Refusal).detail
            raise AirflowApiError(f"Airflow rejected a run of {dag_id}: {detail}")
        self._http.raise_for_status(reply)
        return self._http.decode(reply, Run)

    def task_instance(self, dag_id: str, run_id: str, task_id: str) -> TaskInstance | None:
        """A task instance; None if it does not exist."""
        return self._http.read(_task_path(dag_id, run_id, task_id), TaskInstance)

    def tasks(self, dag_id: str) -> tuple[TaskInfo, ...]:
        """The tasks of a DAG, cached for this session; empty if the DAG does not exist."""
        if dag_id not in self._tasks:
            found = self._http.read(f"{_dag_path(dag_id)}/tasks", Tasks)
            self._tasks[dag_id] = found.tasks if found else ()
        return self._tasks[dag_id]

    def set_paused(self, dag_id: str, *, paused: bool) -> None:
        """Pause or unpause a DAG."""
        self._http.raise_for_status(self._http.request("PATCH", _dag_path(dag_id), {"is_paused": paused}))

    def pool(self, name: str) -> Pool | None:
        """A pool; None if it does not exist."""
        return self._http.read(f"/api/v2/pools/{_segment(name)}", Pool)

    def owners(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The owners of each deployed DAG that has a task of one of these owners, by dag_id."""
        found: list[Owned] = []
        for at in range(0, len(names), _NAMES):
            found += self._http.read_list("/api/v2/dags", {"owners": names[at : at + _NAMES]}, Dags)
        return {dag.dag_id: dag.owners for dag in found}

    def mark_success(self, instance: TaskInstance, note: str) -> int:
        """Mark only this task instance as success; returns the status code of the response.

        Airflow then clears its failed downstream tasks, and restarts a finished run.
        """
        path = _task_path(instance.dag_id, instance.run_id, instance.task_id)
        return self._http.request("PATCH", path, _success(note)).status_code

    def mark_group_success(self, run: RunKey, group_id: str, note: str) -> int:
        """The same for all task instances of a task group, in one transaction."""
        path = f"{_run_path(run.dag_id, run.run_id)}/taskGroupInstances/{_segment(group_id)}"
        return self._http.request("PATCH", path, _success(note)).status_code

    def mark_success_together(
        self, instances: Sequence[tuple[TaskInstance, str]]
    ) -> Collection[tuple[str, str, str]] | None:
        """The same for several task instances in one transaction, each with its note; returns the ids of the marked ones.

        None if this Airflow does not support it, for several runs or at all.
        """
        groups: dict[RunKey, list[dict[str, object]]] = defaultdict(list)
        for each, note in instances:
            groups[each.run_key].append(
                {
                    "dag_id": each.dag_id,
                    "dag_run_id": each.run_id,
                    "task_id": each.task_id,
                    **_success(note),
                }
            )
        path = f"{_run_path(*(next(iter(groups)) if len(groups) == 1 else ('~', '~')))}/taskInstances"
        # An error in an action ends only that action.
        actions = [{"action": "update", "entities": entities} for entities in groups.values()]
        reply = self._http.request("PATCH", path, {"actions": actions})
        if reply.status_code in _UNKNOWN:
            return None
        if not reply.is_success:
            return ()
        update = self._http.decode(reply, Bulk).update
        # Airflow returns 200 even if some entities have errors.
        done = (each for each, _ in instances if not update.errors or _in_bulk(each) in update.success)
        return {each.id_ for each in done}

    def clear(self, dag_id: str, run_id: str, task_ids: Sequence[str]) -> None:
        """Clear those of these tasks that have failed or could not start, and restart the run."""
        body = {
            "dag_run_id": run_id,
            "task_ids": list(task_ids),
            "only_failed": True,
            "reset_dag_runs": True,
            "dry_run": False,
        }
        path = f"{_dag_path(dag_id)}/clearTaskInstances"
        self._http.raise_for_status(self._http.request("POST", path, body))

    def clear_from(
        self, run: RunKey, task_ids: Sequence[str], *, downstream: bool, dry_run: bool
    ) -> tuple[TaskInstance, ...]:
        """Clear these tasks in any state, and with ``downstream`` all tasks below them; returns the cleared ones."""
        body = {
            "dag_run_id": run.run_id,
            "task_ids": list(task_ids),
            "only_failed": False,
            "include_downstream": downstream,
            "reset_dag_runs": True,
            "dry_run": dry_run,
        }
        reply = self._http.request("POST", f"{_dag_path(run.dag_id)}/clearTaskInstances", body)
        self._http.raise_for_status(reply)
        return tuple(self._http.decode(reply, TaskInstances).items)

    def queue_run(self, dag_id: str, run_id: str) -> None:
        """Restart a finished run."""
        self._http.raise_for_status(
            self._http.request("PATCH", _run_path(dag_id, run_id), {"state": "queued"})
        )


def _run_body(where: RunFilter) -> dict[str, object]:
    return {"dag_ids": where.dag_ids, "states": where.states, **where.window}


def _task_body(where: RunFilter) -> dict[str, object]:
    return {
        "dag_ids": where.dag_ids,
        "dag_run_ids": where.run_ids,
        "task_ids": where.task_ids,
        "state": where.states,
        "duration_gte": where.lasted_seconds,
        **where.window,
    }


def _success(note: str) -> dict[str, object]:
    return {"new_state": "success", "note": note[:1000]}


def _in_bulk(instance: TaskInstance) -> str:
    """Airflow's name of a task instance in the response to a bulk request."""
    return f"{instance.dag_id}.{instance.run_id}.{instance.task_id}[-1]"


def _dag_path(dag_id: str) -> str:
    return f"/api/v2/dags/{_segment(dag_id)}"


def _run_path(dag_id: str, run_id: str) -> str:
    return f"{_dag_path(dag_id)}/dagRuns/{_segment(run_id)}"


def _task_path(dag_id: str, run_id: str, task_id: str) -> str:
    return f"{_run_path(dag_id, run_id)}/taskInstances/{_segment(task_id)}"


def _segment(name: str) -> str:
    # A name of one or two dots alone would mean the current or the parent folder.
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")

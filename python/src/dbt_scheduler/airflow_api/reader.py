"""What commands ask Airflow: a few questions, most of them asked once, and a run."""

from collections.abc import Collection
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import msgspec

from dbt_scheduler.airflow_api.http import AirflowHttp
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.schedule import Interval, manual_interval
from dbt_scheduler.spec import Schedule

_MOST_RUNS = 100
_REFUSED, _CONFLICT = 400, 409


class Dag(msgspec.Struct, frozen=True, kw_only=True):
    """A DAG as Airflow has it now."""

    is_paused: bool
    max_active_runs: int | None = None


class RunDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a DAG."""

    dag_id: str
    run_id: str = msgspec.field(name="dag_run_id")
    run_type: str
    state: str
    run_after: datetime
    logical_date: datetime | None = None
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None
    conf: dict[str, object] | None = None


class TaskDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A task in a run; ``state`` is None until the scheduler has come to it."""

    task_id: str
    state: str | None
    start_date: datetime | None = None
    end_date: datetime | None = None
    try_number: int = 0
    max_tries: int = 0
    pool: str = ""
    note: str | None = None


class Pool(msgspec.Struct, frozen=True):
    """A pool, and how many of its slots are free; -1 where it has no limit."""

    slots: int
    open_slots: int


class AirflowReader:
    """Airflow's public API. Every question may raise AirflowApiError."""

    def __init__(self, http: AirflowHttp) -> None:
        self._http = http
        self._dags: dict[str, Dag | None] = {}
        self._windows: dict[tuple[str, datetime, datetime], tuple[RunDetails, ...]] = {}

    @property
    def url(self) -> str:
        """Where its UI is, without a slash at the end."""
        return self._http.url

    def dag(self, dag_id: str) -> Dag | None:
        """A DAG; None when Airflow does not have it."""
        if dag_id not in self._dags:
            self._dags[dag_id] = self._http.read(_path(dag_id), Dag)
        return self._dags[dag_id]

    def run(self, dag_id: str, run_id: str) -> RunDetails | None:
        """A run by its id; None when there is none."""
        return self._http.read(f"{_path(dag_id)}/dagRuns/{quote(run_id, safe='')}", RunDetails)

    def newest_run(self, dag_id: str) -> RunDetails | None:
        """The run that was due last; None when there is none."""
        found = self._runs(dag_id, {"order_by": "-run_after", "limit": "1"})
        return found[0] if found else None

    def runs_of(self, dag_id: str, first: datetime, last: datetime) -> tuple[RunDetails, ...]:
        """The runs with a logical date from one moment to another, both included; the newest first."""
        key = (dag_id, first, last)
        if key not in self._windows:
            self._windows[key] = self._between(dag_id, "logical_date", first, last)
        return self._windows[key]

    def runs_due(self, dag_id: str, first: datetime, last: datetime) -> tuple[RunDetails, ...]:
        """The runs that were due from one moment to another, both included; the newest first."""
        return self._between(dag_id, "run_after", first, last)

    def make_run(self, dag_id: str, body: dict[str, object]) -> RunDetails:
        """Make a manual run, of what Airflow's API takes; UsageError says why Airflow did not make it."""
        reply = self._http.request("POST", f"{_path(dag_id)}/dagRuns", body)
        if reply.status_code == _CONFLICT:
            raise UsageError(
                f"another run of {dag_id} was made at the same moment", "run the command again to see it"
            )
        if reply.status_code == _REFUSED:
            raise UsageError(
                f"Airflow refused a run of {dag_id}: {self._http.decode(reply, _Refusal).detail}"
            )
        self._http.raise_for_status(reply)
        return self._http.decode(reply, RunDetails)

    def tasks(self, run: RunDetails, task_ids: Collection[str]) -> dict[str, TaskDetails]:
        """Some tasks of a run, by id; those that the run does not have are left out."""
        body = {"dag_ids": [run.dag_id], "dag_run_ids": [run.run_id], "task_ids": sorted(task_ids)}
        found = self._http.list("/api/v2/dags/~/dagRuns/~/taskInstances/list", body, _TaskInstances)
        return {each.task_id: each for each in found}

    def pool(self, name: str) -> Pool | None:
        """A pool; None when there is none of that name."""
        return self._http.read(f"/api/v2/pools/{quote(name, safe='')}", Pool)

    def _between(self, dag_id: str, date: str, first: datetime, last: datetime) -> tuple[RunDetails, ...]:
        window = {f"{date}_gte": _iso(first), f"{date}_lte": _iso(last)}
        return self._runs(dag_id, {**window, "order_by": "-run_after", "limit": str(_MOST_RUNS)})

    def _runs(self, dag_id: str, query: dict[str, str]) -> tuple[RunDetails, ...]:
        found = self._http.read(f"{_path(dag_id)}/dagRuns?{urlencode(query)}", _Runs)
        return found.dag_runs if found else ()


class _Refusal(msgspec.Struct):
    detail: str


class _Runs(msgspec.Struct):
    dag_runs: tuple[RunDetails, ...]


class _TaskInstances(msgspec.Struct):
    total_entries: int
    items: list[TaskDetails] = msgspec.field(name="task_instances")


def _path(dag_id: str) -> str:
    return f"/api/v2/dags/{quote(dag_id, safe='')}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def interval_of(run: RunDetails, schedule: Schedule) -> Interval:
    """The data interval of a run; one without counts as made at its ``run_after``, as in Airflow."""
    if run.data_interval_start and run.data_interval_end:
        return Interval(run.data_interval_start, run.data_interval_end)
    return manual_interval(schedule, run.run_after)

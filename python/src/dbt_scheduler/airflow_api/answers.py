"""The responses of Airflow's public REST API, with the fields that are used here."""

from datetime import datetime
from typing import NamedTuple

import msgspec


class Dag(msgspec.Struct, frozen=True, kw_only=True):
    """A DAG in Airflow; ``is_stale`` if its file no longer has it."""

    is_paused: bool
    is_stale: bool = False
    has_import_errors: bool = False
    max_active_runs: int | None = None


class Backfill(msgspec.Struct, frozen=True, kw_only=True):
    """A backfill of a DAG."""

    is_paused: bool
    max_active_runs: int
    from_date: datetime
    to_date: datetime
    completed_at: datetime | None = None


class RunKey(NamedTuple):
    """The key of a run among those of all DAGs."""

    dag_id: str
    run_id: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A DAG run. A manual run without a logical date has no data interval either."""

    dag_id: str
    run_id: str = msgspec.field(name="dag_run_id")
    state: str
    run_type: str
    run_after: datetime
    logical_date: datetime | None = None
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    conf: dict[str, object] | None = None

    @property
    def key(self) -> RunKey:
        """The run's key."""
        return RunKey(self.dag_id, self.run_id)

    @property
    def over(self) -> bool:
        """Whether the run has finished."""
        return self.state in ("success", "failed")


class TaskInstance(msgspec.Struct, frozen=True, kw_only=True):
    """A task in a run; ``state`` is None before the scheduler has examined it, ``operator`` is the name of its class."""

    dag_id: str
    run_id: str = msgspec.field(name="dag_run_id")
    task_id: str
    state: str | None
    run_after: datetime
    logical_date: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    try_number: int = 0
    max_tries: int = 0
    pool: str = ""
    queue: str | None = None
    note: str | None = None
    operator: str | None = None

    @property
    def run_key(self) -> RunKey:
        """The key of its run."""
        return RunKey(self.dag_id, self.run_id)

    @property
    def id_(self) -> tuple[str, str, str]:
        """Its dag_id, run_id and task_id."""
        return self.dag_id, self.run_id, self.task_id


class TaskInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A task of the current version of a DAG; ``operator_name`` is the name of its class."""

    task_id: str
    operator_name: str | None = None
    downstream_task_ids: tuple[str, ...] | None = None
    trigger_rule: str | None = None


class Pool(msgspec.Struct, frozen=True):
    """A pool, and how many of its slots are open; -1 means unlimited."""

    slots: int
    open_slots: int


class Component(msgspec.Struct, frozen=True):
    """A component of Airflow; its ``status`` is None if it has never run."""

    status: str | None = None

    @property
    def alive(self) -> bool:
        """Whether an instance of it has sent a heartbeat recently."""
        return self.status == "healthy"


class Health(msgspec.Struct, frozen=True):
    """The components of Airflow that send heartbeats to its database."""

    scheduler: Component = Component()
    triggerer: Component = Component()
    dag_processor: Component = Component()


class Version(msgspec.Struct):
    """Airflow's version."""

    version: str


class Refusal(msgspec.Struct):
    """The reason of an error."""

    detail: str


class Backfills(msgspec.Struct):
    """A page of backfills."""

    backfills: tuple[Backfill, ...]


class NewestRuns(msgspec.Struct):
    """The newest runs of a DAG."""

    dag_runs: tuple[Run, ...]


class BackfilledRun(msgspec.Struct):
    """A run that a backfill would create."""

    logical_date: datetime


class BackfilledRuns(msgspec.Struct):
    """The runs that a backfill would create."""

    backfills: tuple[BackfilledRun, ...]


class Updates(msgspec.Struct):
    """The task instances that were changed, and the errors of others."""

    success: frozenset[str] = frozenset()
    errors: tuple[object, ...] = ()


class Bulk(msgspec.Struct):
    """The response to a bulk request."""

    update: Updates


class Tasks(msgspec.Struct):
    """The tasks of a DAG."""

    tasks: tuple[TaskInfo, ...]


class Owned(msgspec.Struct):
    """A DAG and the owners of its tasks."""

    dag_id: str
    owners: tuple[str, ...]


class Dags(msgspec.Struct):
    """A page of DAGs."""

    total_entries: int
    items: list[Owned] = msgspec.field(name="dags")


class Runs(msgspec.Struct):
    """A page of runs."""

    total_entries: int
    items: list[Run] = msgspec.field(name="dag_runs")


class TaskInstances(msgspec.Struct):
    """A page of task instances."""

    total_entries: int
    items: list[TaskInstance] = msgspec.field(name="task_instances")

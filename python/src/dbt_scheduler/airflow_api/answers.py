"""What Airflow's public REST API says of DAGs, runs and tasks, as far as it is used here."""

from datetime import datetime
from typing import NamedTuple

import msgspec


class Dag(msgspec.Struct, frozen=True, kw_only=True):
    """A DAG as Airflow has it now; ``is_stale`` when its file does not have it any more."""

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
    """A run among all DAGs'."""

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
        """Its DAG and id."""
        return RunKey(self.dag_id, self.run_id)

    @property
    def over(self) -> bool:
        """Whether the scheduler is done with it."""
        return self.state in ("success", "failed")


class TaskInstance(msgspec.Struct, frozen=True, kw_only=True):
    """A task in a run; ``state`` is None until the scheduler has come to it, ``operator`` its class's name."""

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
        """Its run."""
        return RunKey(self.dag_id, self.run_id)

    @property
    def id_(self) -> tuple[str, str, str]:
        """Its DAG, run and task."""
        return self.dag_id, self.run_id, self.task_id


class TaskInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A task of a DAG as it is now; ``operator_name`` is its class's."""

    task_id: str
    operator_name: str | None = None
    downstream_task_ids: tuple[str, ...] | None = None
    trigger_rule: str | None = None


class Pool(msgspec.Struct, frozen=True):
    """A pool, and how many of its slots are free; -1 where it has no limit."""

    slots: int
    open_slots: int


class Component(msgspec.Struct, frozen=True):
    """A component of Airflow; its ``status`` is None when there has never been one."""

    status: str | None = None

    @property
    def alive(self) -> bool:
        """Whether one of them has been heard of just now."""
        return self.status == "healthy"


class Health(msgspec.Struct, frozen=True):
    """The components of Airflow that its database hears of."""

    scheduler: Component = Component()
    triggerer: Component = Component()
    dag_processor: Component = Component()


class Version(msgspec.Struct):
    """Airflow's version."""

    version: str


class Refusal(msgspec.Struct):
    """Why Airflow refused something."""

    detail: str


class Backfills(msgspec.Struct):
    """A listing of backfills."""

    backfills: tuple[Backfill, ...]


class NewestRuns(msgspec.Struct):
    """The newest runs of a DAG."""

    dag_runs: tuple[Run, ...]


class BackfilledRun(msgspec.Struct):
    """A run that a backfill would make."""

    logical_date: datetime


class BackfilledRuns(msgspec.Struct):
    """The runs that a backfill would make."""

    backfills: tuple[BackfilledRun, ...]


class Updates(msgspec.Struct):
    """Which of several changes were made, and what went wrong with others."""

    success: frozenset[str] = frozenset()
    errors: tuple[object, ...] = ()


class Bulk(msgspec.Struct):
    """The answer to a request with several actions."""

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

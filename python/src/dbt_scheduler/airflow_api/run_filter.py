"""Which runs or task instances Airflow's API shall list."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Self

import msgspec


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs or task instances to list: those that meet everything that is given.

    ``since`` and ``until`` bound the runs' ``run_after``, ``dated_since`` and ``dated_until`` their
    ``logical_date``, ``ended_since`` the end of the runs or task instances themselves; ``lasted_seconds`` is the least
    that a task instance took until its end. ``states`` may hold None for "no state yet".
    """

    dag_ids: Sequence[str]
    run_ids: Sequence[str] | None = None
    task_ids: Sequence[str] | None = None
    states: Sequence[str | None] | None = None
    since: datetime | None = None
    until: datetime | None = None
    dated_since: datetime | None = None
    dated_until: datetime | None = None
    ended_since: datetime | None = None
    lasted_seconds: float | None = None

    @classmethod
    def of_tasks(
        cls, ids: Iterable[tuple[str, str, str]], states: Sequence[str | None] | None = None
    ) -> Self:
        """At least these task instances, by DAG, run and task: others of the same names are listed, too."""
        dag_ids, run_ids, task_ids = (sorted(set(names)) for names in zip(*ids, strict=True))
        return cls(dag_ids=dag_ids, run_ids=run_ids, task_ids=task_ids, states=states)

    @property
    def window(self) -> dict[str, datetime | None]:
        """The bounds in time, as Airflow calls them."""
        return {
            "run_after_gte": self.since,
            "run_after_lte": self.until,
            "logical_date_gte": self.dated_since,
            "logical_date_lte": self.dated_until,
            "end_date_gte": self.ended_since,
        }

"""Filters for lists of runs and task instances in Airflow's API."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Self

import msgspec


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """The runs or task instances that meet all given conditions.

    ``since`` and ``until`` limit the ``run_after`` of runs, ``dated_since`` and ``dated_until`` their ``logical_date``,
    ``ended_since`` the end of the runs or task instances themselves; ``lasted_seconds`` is the minimum duration of a
    task instance. None in ``states`` means "no state yet".
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
        """These task instances (dag_id, run_id, task_id), one or more, and others with combinations of these ids."""
        dag_ids, run_ids, task_ids = (sorted(set(names)) for names in zip(*ids, strict=True))
        return cls(dag_ids=dag_ids, run_ids=run_ids, task_ids=task_ids, states=states)

    @property
    def window(self) -> dict[str, datetime | None]:
        """The time limits under Airflow's names."""
        return {
            "run_after_gte": self.since,
            "run_after_lte": self.until,
            "logical_date_gte": self.dated_since,
            "logical_date_lte": self.dated_until,
            "end_date_gte": self.ended_since,
        }

# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The DAG ``dbt_scheduler_resume``: every few minutes it does what a completion callback has missed."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException

from dbt_scheduler.airflow.alerts import Destination, Promise, slo_miss
from dbt_scheduler.airflow.connection import CannotAskError, open_api
from dbt_scheduler.airflow.pools import missing_pools
from dbt_scheduler.airflow.resumed import destination, task_run, tell_all_clear
from dbt_scheduler.printable import one_line
from dbt_scheduler.registry import Entry
from dbt_scheduler.spec import RESUME_DAG
from dbt_scheduler.stores import RegistryUnreadableError, open_store
from dbt_scheduler.wording import number

if TYPE_CHECKING:
    from dbt_scheduler.resume.promises import SloMiss
    from dbt_scheduler.resume.sweep import Swept

_log = logging.getLogger(__name__)

_EVERY = timedelta(minutes=5)
_BUDGET_SECONDS = 240.0
_ALERT_SECONDS = 60.0
_REGISTRY_SECONDS = 60.0
_TASK = "sweep"
_TOLD = "slo_misses"


def build_resume_dag(
    stub: str, *, airflow_connection: str, registry_url: str | None, alerts: tuple[str, str]
) -> DAG:
    """The sweep's DAG; ``alerts`` are the channel's name and its Airflow connection."""
    path = Path(stub)
    dag = DAG(
        RESUME_DAG,
        schedule=_EVERY,
        start_date=datetime(2025, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["dbt_scheduler"],
        doc_md="Resumes runs whose data has arrived and whose wait nobody ended, and tells who is late.\n",
    )
    dag.fileloc = str(path)
    SweepOperator(
        task_id=_TASK,
        airflow_connection=airflow_connection,
        registry_url=registry_url or (path.resolve().parent.parent / "registry").as_uri(),
        means=Destination(*alerts, None),
        execution_timeout=timedelta(minutes=10),
        dag=dag,
    )
    return dag


class SweepOperator(BaseOperator):
    """One sweep. It fails when it could not do its work, or a pool is missing: nobody else would say so."""

    def __init__(
        self, *, airflow_connection: str, registry_url: str, means: Destination, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._airflow_connection = airflow_connection
        self._registry_url = registry_url
        self._means = means

    def execute(self, context: Context) -> None:
        """Sweep, tell the teams, and remember who was told."""
        from dbt_scheduler.resume.sweep import sweep  # noqa: PLC0415 - only this task needs it

        try:
            entries = self._entries()
            with open_api(self._airflow_connection, _BUDGET_SECONDS) as api:
                swept = sweep(api, entries)
                missing = missing_pools(api, Path(self.dag.fileloc).parent)
        except (CannotAskError, RegistryUnreadableError, ValueError) as error:
            raise AirflowFailException(str(error)) from None
        _report(swept)
        tell_all_clear(swept.satisfied, swept.waits, entries, self._means, _ALERT_SECONDS)
        self._tell_misses(context, swept.misses, entries)
        if missing:
            raise AirflowFailException("\n".join(missing))

    def _entries(self) -> dict[str, Entry]:
        reading = open_store(self._registry_url, _REGISTRY_SECONDS).read_all()
        for finding in reading.findings:
            _log.warning("The registry's %s cannot be used: %s", finding.path, one_line(finding.message))
        return reading.entries

    def _tell_misses(
        self, context: Context, misses: "tuple[SloMiss, ...]", entries: dict[str, Entry]
    ) -> None:
        """Each miss is told once: the sweep before remembers in an XCom which were; what there is no time for, later."""
        ti: Any = context["ti"]
        before = set(ti.xcom_pull(task_ids=_TASK, key=_TOLD, include_prior_dates=True) or [])
        told = [miss.name for miss in misses if miss.name in before]
        until = time.monotonic() + _ALERT_SECONDS
        for miss in _in_turn(miss for miss in misses if miss.name not in before):
            if time.monotonic() > until:
                _log.warning("There was no time to tell of every missed SLO; the next sweep goes on.")
                break
            to = destination(self._means, entries[miss.key.team])
            promise = Promise(miss.key.asset, miss.due, miss.task.state)
            if slo_miss(to, task_run(miss.task), promise):
                told.append(miss.name)
        ti.xcom_push(key=_TOLD, value=told)


def _in_turn(misses: "Iterable[SloMiss]") -> "Iterator[SloMiss]":
    """The first of each team, then the second of each: a team that misses very many keeps no other from its own."""
    teams: dict[str, list[SloMiss]] = defaultdict(list)
    for miss in misses:
        teams[miss.key.team].append(miss)
    for together in zip_longest(*teams.values()):
        yield from filter(None, together)


def _report(swept: "Swept") -> None:
    for sensor in swept.satisfied:
        _log.info("%s %s: %s satisfied.", *sensor.id_)
    for sensor in swept.left:
        _log.warning("%s %s: %s could not be satisfied in time; the next sweep tries again.", *sensor.id_)
    for run in swept.healed:
        _log.info("%s %s: goes on.", *run)
    _log.info("%s waited, %s satisfied.", number(swept.waiting, "sensor"), len(swept.satisfied))

# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The DAG ``dbt_scheduler_resume``: every few minutes, it resumes runs that completion callbacks missed."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, BaseOperator, Context

from dbt_scheduler.airflow.alerts.messages import Promise
from dbt_scheduler.airflow.alerts.resumed import destination, send_all_clears, task_run
from dbt_scheduler.airflow.alerts.sending import Destination, send_slo_miss
from dbt_scheduler.airflow.compat import AirflowFailException, Stats
from dbt_scheduler.airflow.connection import open_api
from dbt_scheduler.airflow.pools import missing_pools
from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.findings.printable import shown_url
from dbt_scheduler.kinds import literal
from dbt_scheduler.registry.backend import RegistryUnreadableError
from dbt_scheduler.spec import RESUME_DAG, registry_url_of

if TYPE_CHECKING:
    from dbt_scheduler.registry.entry import Entry
    from dbt_scheduler.resume.slo_misses import SloMiss
    from dbt_scheduler.resume.sweep import SweepResult

_log = logging.getLogger(__name__)

_EVERY = timedelta(minutes=5)
_BUDGET_SECONDS = 240.0
_ALERT_SECONDS = 60.0
_REGISTRY_SECONDS = 60.0
_TASK = "sweep"
_REPORTED = "slo_misses"
_EARLIER = 50
"""Sweeps whose notes are searched for the newest one, four hours of them: a sweep that failed early leaves none."""


def build_resume_dag(
    stub: str, *, airflow_connection: str, registry_url: str | None, alerts: tuple[str, str]
) -> DAG:
    """The sweep's DAG; ``alerts`` are the name of the transport and its Airflow connection."""
    path = Path(stub)
    dag = DAG(
        path.stem,
        schedule=_EVERY,
        start_date=datetime(2025, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["dbt_scheduler"],
        doc_md="Resumes runs whose data has arrived but that are still waiting, and reports missed SLOs.\n",
    )
    dag.fileloc = str(path)
    SweepOperator(
        task_id=_TASK,
        airflow_connection=airflow_connection,
        registry_url=registry_url,
        registry=registry_url_of(registry_url, path),
        transport=Destination(*alerts, None),
        execution_timeout=timedelta(minutes=10),
        dag=dag,
    )
    return dag


class SweepOperator(BaseOperator):
    """One sweep. It fails if it could not do its work, or a pool is missing, because nothing else would report that.

    ``registry`` is a template field, because Airflow stores these with the DAG: the API server, which has no DAG files,
    gets the registry's URL from it.
    """

    template_fields = ("registry",)

    def __init__(
        self,
        *,
        airflow_connection: str,
        registry_url: str | None,
        registry: str,
        transport: Destination,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._airflow_connection = airflow_connection
        self._registry_url = registry_url
        self._transport = transport
        self.registry = literal(registry)

    def execute(self, context: Context) -> None:
        """Sweep, send alerts, and remember which SLO misses were reported. Raises AirflowFailException."""
        # Imports that parsing DAGs does not need.
        from dbt_scheduler.resume.sweep import sweep  # noqa: PLC0415

        stub = Path(self.dag.fileloc)
        try:
            entries = self._own(_published(registry_url_of(self._registry_url, stub)))
            with open_api(self._airflow_connection, _BUDGET_SECONDS) as api:
                earlier = [run.run_id for run in api.newest_runs(self.dag_id, _EARLIER)]
                result = sweep(api, entries)
                missing = missing_pools(api, stub.parent)
        except (AirflowApiError, RegistryUnreadableError, ValueError) as error:
            Stats.incr("dbt_scheduler.sweeps_failed")
            raise AirflowFailException(str(error)) from None
        _report(result)
        _measure(result)
        send_all_clears(result.outcome.resumed, result.waits, entries, self._transport, _ALERT_SECONDS)
        if result.misses or not result.outcome.problem:  # a problem may mean that nobody looked for misses
            self._alert_misses(context["ti"], result.misses, entries, earlier)
        if problems := [*filter(None, [result.outcome.problem]), *missing]:
            Stats.incr("dbt_scheduler.sweeps_failed")
            raise AirflowFailException("\n".join(problems))

    def _own(self, entries: "dict[str, Entry]") -> "dict[str, Entry]":
        """The entries of this environment: another one, such as a pull request's, may read the same registry."""
        prefix = self.dag_id.removesuffix(RESUME_DAG)
        return {team: entry for team, entry in entries.items() if entry.dag_prefix.startswith(prefix)}

    def _alert_misses(
        self, ti: Any, misses: "tuple[SloMiss, ...]", entries: "dict[str, Entry]", earlier: list[str]
    ) -> None:
        """Report each miss once: an XCom has those of the last sweep; the next one reports what time ran out for."""
        before = _already_reported(ti, earlier)
        reported = [miss.name for miss in misses if miss.name in before]
        until = time.monotonic() + _ALERT_SECONDS
        for miss in _in_turn(miss for miss in misses if miss.name not in before):
            if time.monotonic() > until:
                _log.warning(
                    "Not all missed SLOs were reported within the time limit; the next sweep continues."
                )
                break
            to = destination(self._transport, entries[miss.key.team])
            promise = Promise(miss.key.asset, miss.due, miss.task.state)
            if send_slo_miss(to, task_run(miss.task), promise):
                reported.append(miss.name)
        ti.xcom_push(key=_REPORTED, value=reported)


def _already_reported(ti: Any, run_ids: list[str]) -> frozenset[str]:
    """The names of the misses in the first XCom that these runs left.

    ``include_prior_dates`` is of no use here: it returns every XCom of the past in a list, and its order of runs
    without a logical date, which are those that callbacks trigger, depends on the database.
    """
    for run_id in run_ids:
        names = ti.xcom_pull(task_ids=_TASK, key=_REPORTED, run_id=run_id, map_indexes=-1)
        if names is not None:
            return frozenset(names)
    return frozenset()


def _published(url: str) -> "dict[str, Entry]":
    """The registry's entries. Raises RegistryUnreadableError also if it does not exist: no run would be resumed."""
    from dbt_scheduler.airflow.registry import read_registry  # noqa: PLC0415 - see execute

    reading = read_registry(url, _REGISTRY_SECONDS)
    if reading.missing:
        raise RegistryUnreadableError(
            f"the registry {shown_url(url)} does not exist: publish to it, or correct registry.url"
        )
    return reading.entries


def _in_turn(misses: "Iterable[SloMiss]") -> "Iterator[SloMiss]":
    """The first of each team, then the second of each, so that a team with many misses does not delay others."""
    teams: dict[str, list[SloMiss]] = defaultdict(list)
    for miss in misses:
        teams[miss.key.team].append(miss)
    for together in zip_longest(*teams.values()):
        yield from filter(None, together)


def _measure(result: "SweepResult") -> None:
    """Send metrics to Airflow's own statistics backend."""
    Stats.gauge("dbt_scheduler.sensors_waiting", result.waiting - len(result.outcome.satisfied))
    Stats.gauge("dbt_scheduler.oldest_wait_seconds", result.oldest_wait.total_seconds())
    Stats.incr("dbt_scheduler.sensors_satisfied", len(result.outcome.satisfied), tags={"by": "sweep"})
    resumed = {each.run_key for each in result.outcome.resumed}
    Stats.incr("dbt_scheduler.runs_resumed", len(resumed), tags={"by": "sweep"})


def _report(result: "SweepResult") -> None:
    for sensor in result.outcome.satisfied:
        _log.info("%s %s: %s satisfied.", *sensor.id_)
    for sensor in result.outcome.left:
        _log.warning("%s %s: %s not satisfied within the time limit; the next sweep retries.", *sensor.id_)
    for run in result.outcome.repaired:
        _log.info("%s %s: resumed.", *run)
    _log.info(
        "%s waiting, %s satisfied.", format_count(result.waiting, "sensor"), len(result.outcome.satisfied)
    )

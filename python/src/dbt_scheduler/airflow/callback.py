"""The completion callback: when a task has produced its assets, it resumes the runs that wait for them."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from airflow.sdk import Context

from dbt_scheduler.airflow.alerts.resumed import send_all_clears
from dbt_scheduler.airflow.alerts.sending import Destination
from dbt_scheduler.airflow.compat import Stats
from dbt_scheduler.airflow.connection import open_api
from dbt_scheduler.airflow.landing import measure_landing
from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.findings.printable import redacted, shown_url
from dbt_scheduler.registry.backend import RegistryUnreadableError
from dbt_scheduler.spec import DagSpec, registry_url_of

if TYPE_CHECKING:
    from dbt_scheduler.airflow_api.answers import TaskInstance
    from dbt_scheduler.airflow_api.client import AirflowApi
    from dbt_scheduler.registry.entry import Entry
    from dbt_scheduler.resume.satisfy import Outcome
    from dbt_scheduler.schedule import Interval
    from dbt_scheduler.waits.wait import Wait

_log = logging.getLogger(__name__)

_BUDGET_SECONDS = 12.0
"""Airflow kills a worker that is still busy 20 seconds after the end of its task."""

_ALERT_SECONDS = 3.0
"""The time for all-clears, after the budget."""

_FOLLOW_UP_SECONDS = 3.0
"""The time for triggering a sweep when the budget is used up."""

_TOGETHER_SECONDS = 10
_MOST_FOLLOW_UPS = 3

_SWEEP = "The next sweep will resume them (DAG dbt_scheduler_resume, or `dbt-scheduler resume`)."


FindSpec: TypeAlias = "Callable[[Context], tuple[DagSpec, dict[str, Entry]] | None]"
"""Returns the spec of the DAG that produced the assets, and the registry's entries; None if these lack the asset."""


def resume_consumers(spec: DagSpec, assets: Iterable[str]) -> Callable[[Context], None]:
    """The ``on_success_callback`` of a task that produces these assets (``team.asset``). It never raises."""

    def find(context: Context) -> "tuple[DagSpec, dict[str, Entry]] | None":
        from dbt_scheduler.airflow.registry import read_entries  # noqa: PLC0415 - see _resume

        url = registry_url_of(spec.registry_url, Path(_task(context).dag.fileloc))
        entries = read_entries(url)
        if spec.team in entries:
            return spec, entries
        _log.warning(
            "The registry %s has no entry for %s: publish it, so that its consumers are resumed.",
            shown_url(url),
            spec.team,
        )
        return None

    return resume_who_waits(tuple(name.partition(".")[2] for name in assets), find)


def resume_who_waits(assets: tuple[str, ...], find: FindSpec) -> Callable[[Context], None]:
    """The callback of a task that produces these assets; ``find`` returns the spec with their team. It never raises."""

    def resume(context: Context) -> None:
        started = time.monotonic()
        try:
            found = find(context)
            if found is not None:
                _resume(found, assets, context, started)
        except (AirflowApiError, RegistryUnreadableError, ValueError) as error:
            _log.warning("Waiting runs were not resumed: %s %s", error, _SWEEP)
        except Exception as error:  # noqa: BLE001 - the task has succeeded, and must not fail afterwards
            _log.warning("Waiting runs were not resumed: %s. %s", redacted(repr(error)), _SWEEP)

    return resume


def _resume(
    found: "tuple[DagSpec, dict[str, Entry]]", assets: tuple[str, ...], context: Context, started: float
) -> None:
    # An import that parsing DAGs does not need.
    from dbt_scheduler.waits.wait import waits_for  # noqa: PLC0415

    spec, entries = found
    if spec.team in entries:
        measure_landing(spec, entries[spec.team], assets, context)
    waits = waits_for(entries, spec.team, assets, spec.dag_id)
    if not waits:
        _log.info("No sensor waits for %s of %s.", ", ".join(assets), spec.team)
        return
    outcome, waits = _satisfy(spec, waits, context, started)
    _report(outcome)
    Stats.incr("dbt_scheduler.sensors_satisfied", len(outcome.satisfied), tags={"by": "callback"})
    Stats.incr(
        "dbt_scheduler.runs_resumed", len({each.run_key for each in outcome.resumed}), tags={"by": "callback"}
    )
    transport = Destination(spec.alert_channel, spec.alert_connection, None)
    left = _BUDGET_SECONDS + _ALERT_SECONDS - (time.monotonic() - started)
    send_all_clears(outcome.resumed, waits, entries, transport, left)


def _task(context: Context) -> Any:  # noqa: ANN401 - Airflow's type
    return context["task"]


def _run(context: Context) -> Any:  # noqa: ANN401 - Airflow's type
    return context["dag_run"]


def _satisfy(
    spec: DagSpec, waits: "tuple[Wait, ...]", context: Context, started: float
) -> "tuple[Outcome, tuple[Wait, ...]]":
    """Satisfy the sensors that wait for this run; returns the outcome and their waits."""
    from dbt_scheduler.resume.satisfy import satisfied_note, satisfy  # noqa: PLC0415
    from dbt_scheduler.resume.waiting_sensors import find_waiting_for  # noqa: PLC0415
    from dbt_scheduler.waits.run_interval import interval_of_run  # noqa: PLC0415

    made: Interval = interval_of_run(spec.schedule, _run(context), external=waits[0].producer.external)
    note = satisfied_note(spec.dag_id, context["run_id"])
    left = _BUDGET_SECONDS - (time.monotonic() - started)
    with open_api(spec.airflow_connection, left) as api:
        outcome = None
        try:
            sensors = find_waiting_for(api, waits, made)
            outcome = satisfy(api, dict.fromkeys(sensors, note))
        finally:
            if outcome is None or outcome.left:
                _sweep_soon(api, spec.resume_dag)
        return outcome, tuple(sensors.values())


def _sweep_soon(api: "AirflowApi", dag_id: str) -> None:
    """Trigger a sweep for the rest, instead of waiting for the scheduled one; callbacks of the same seconds share one.

    While many tasks of a run fail and are cleared, or Airflow's API is busy, callbacks delay each other; a sweep has
    more time. A sweep that is already running may have missed this callback's run: then another one is triggered.
    """
    now = datetime.now(UTC)
    moment = now.replace(second=now.second // _TOGETHER_SECONDS * _TOGETHER_SECONDS, microsecond=0)
    api.allow(_FOLLOW_UP_SECONDS)
    try:
        for number in range(_MOST_FOLLOW_UPS):
            at = moment + number * timedelta(seconds=_TOGETHER_SECONDS)
            if _ask_for_sweep(api, dag_id, f"callback__{at.isoformat()}"):
                return
    except AirflowApiError as error:
        _log.info("A sweep could not be triggered: %s", error)


def _ask_for_sweep(api: "AirflowApi", dag_id: str, run_id: str) -> bool:
    """Trigger a sweep with this run_id; returns whether one with it has yet to start."""
    if api.make_run(dag_id, {"dag_run_id": run_id, "logical_date": None}):
        return True
    run = api.run(dag_id, run_id)  # triggered by another callback
    return run is not None and run.state == "queued"


def _report(outcome: "Outcome") -> None:
    """Log one line per consumer run, and what went wrong."""
    if not outcome.satisfied and not outcome.left:
        _log.info("No run is waiting for this run.")
    lines: dict[tuple[str, str], list[str]] = defaultdict(list)
    for words, sensors in (("satisfied", outcome.satisfied), ("not yet satisfied", outcome.left)):
        for key, names in _by_run(sensors).items():
            lines[key].append(f"{', '.join(names)} {words}")
    for (dag_id, run_id), messages in sorted(lines.items()):
        _log.info("%s %s: %s.", dag_id, run_id, "; ".join(messages))
    if outcome.problem:
        _log.warning("Some sensors could not be satisfied: %s %s", outcome.problem, _SWEEP)
    elif outcome.left:
        _log.warning("Some sensors were not satisfied within the time limit. %s", _SWEEP)


def _by_run(sensors: "Iterable[TaskInstance]") -> dict[tuple[str, str], list[str]]:
    runs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in sensors:
        runs[each.dag_id, each.run_id].append(each.task_id)
    return runs

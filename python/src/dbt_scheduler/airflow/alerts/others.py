"""Lines of an alert about other teams: whom a failed task affects, or who owns a missing asset. Never raises."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from airflow.sdk import Context

from dbt_scheduler.airflow.alerts.messages import Link, moment
from dbt_scheduler.airflow.intervals import run_interval_of
from dbt_scheduler.findings.printable import redacted
from dbt_scheduler.spec import DagSpec, registry_url_of

if TYPE_CHECKING:
    from dbt_scheduler.registry.entry import Entry
    from dbt_scheduler.registry.store import RegistryContents

_log = logging.getLogger(__name__)

_SECONDS = 4
"""The time limit for reading the registry, and again for asking Airflow, which kills a worker that is still busy 20
seconds after the end of its task."""

_GRACE_SECONDS = 0.5
"""The extra time for calls that ignore timeouts, such as host name lookups."""

_MOST_TEAMS, _LONGEST = 5, 100
_Made = TypeVar("_Made")
_Found = TypeVar("_Found")


def who_is_held_up(spec: DagSpec, context: Context) -> tuple[str, ...]:
    """A line with the teams that the failure of the task affects, five of them with their channels; or nothing."""
    return _or_nothing(lambda: _held_up(spec, context))


class Cause(msgspec.Struct, frozen=True):
    """Lines about the reason for a wait; ``registered`` is False if the registry does not have the waiting DAG."""

    lines: tuple[str, ...] = ()
    registered: bool = True


def what_a_wait_is_due_to(spec: DagSpec, context: Context) -> Cause:
    """The root cause of a wait, or else the asset's producer; each with its team and channel."""
    found = _or_nothing(lambda: (_registry(spec, context),))
    if not found:
        return Cause()
    entries = found[0].entries
    lines = _or_nothing(lambda: _root_cause(spec, context, entries)) or _or_nothing(
        lambda: _missing(spec, context, entries)
    )
    return Cause(lines, _is_registered(spec, found[0]))


def why_link(spec: DagSpec, context: Context) -> tuple[Link, ...]:
    """A link to the page that explains the task; empty if the registry has no site."""
    if not isinstance(spec.site_url, str):
        return ()
    from dbt_scheduler.site.links import why_page  # noqa: PLC0415 - not needed for parsing DAGs

    ti = context["ti"]
    return (Link("Why?", why_page(spec.site_url, ti.dag_id, ti.task_id, ti.run_id)),)


def _held_up(spec: DagSpec, context: Context) -> tuple[str, ...]:
    # Imports that parsing DAGs does not need.
    from dbt_scheduler.waits.held_up import held_up_by  # noqa: PLC0415

    entries = _registry(spec, context).entries
    found = held_up_by(entries, spec, context["ti"].task_id, run_interval_of(context, spec.schedule))
    if not found.teams:
        return ()
    names = [_party(team, entries) for team in found.teams[:_MOST_TEAMS]]
    rest = len(found.teams) - len(names)
    more = f" and {rest} more {'team' if rest == 1 else 'teams'}" if rest else ""
    until = ""
    if found.until and found.until > datetime.now(UTC):
        until = f" The first waits until {moment(found.until)}."
    return (f"Affected teams: {', '.join(names)}{more}.{until}",)


def _root_cause(spec: DagSpec, context: Context, entries: "Mapping[str, Entry]") -> tuple[str, ...]:
    from dbt_scheduler.airflow.connection import open_api  # noqa: PLC0415
    from dbt_scheduler.explain.chain import Explainer  # noqa: PLC0415
    from dbt_scheduler.explain.compiled import known  # noqa: PLC0415
    from dbt_scheduler.explain.own_dag import OwnDag  # noqa: PLC0415
    from dbt_scheduler.explain.published import PublishedDags  # noqa: PLC0415
    from dbt_scheduler.explain.steps import roots  # noqa: PLC0415

    ti = context["ti"]
    with open_api(spec.airflow_connection, _SECONDS) as api:
        dags = OwnDag(spec, entries, PublishedDags(entries, entries, api))
        explainer = Explainer(dags, api, datetime.now(UTC))
        step = _in_time(lambda: explainer.explain(known(spec), ti.task_id, ti.run_id))
    root = next((each for each in roots(step) if each.task_id != ti.task_id and not each.hidden), None)
    if root is None:
        return ()
    return (f"Root cause: {root.dag_id} {root.task_id} of {_party(root.team, entries)} {root.text}.",)


def _missing(spec: DagSpec, context: Context, entries: "Mapping[str, Entry]") -> tuple[str, ...]:
    from dbt_scheduler.waits.wait import NoProducer, wait_of  # noqa: PLC0415

    sensor = next(each for each in spec.sensors if each.task_id == context["ti"].task_id)
    wait = wait_of(sensor, spec, entries.get(sensor.team))
    if isinstance(wait, NoProducer):
        return ()
    made_by = f"{wait.producer.dag_id} {wait.producer.task_id}"
    return (f"{wait.asset.asset} is produced by {made_by} of {_party(sensor.team, entries)}.",)


def _is_registered(spec: DagSpec, registry: "RegistryContents") -> bool:
    """False only if it is certain: the sweep resumes a DAG whose registry or entry is repaired."""
    from dbt_scheduler.registry.entry import dag_ids_of  # noqa: PLC0415

    if registry.missing or spec.team in registry.unreadable:
        return True
    return spec.team in registry.entries and spec.dag_id in dag_ids_of(registry.entries[spec.team])


def _registry(spec: DagSpec, context: Context) -> "RegistryContents":
    dag: Any = context["task"].dag
    url = registry_url_of(spec.registry_url, Path(dag.fileloc))
    found = _read(url) if isinstance(context.get("exception"), BaseException) else _read_once(url)
    if isinstance(found, Exception):
        raise found
    return found


def _read(url: str) -> "RegistryContents | Exception":
    from dbt_scheduler.airflow.registry import read_registry  # noqa: PLC0415

    try:
        return _in_time(lambda: read_registry(url, _SECONDS))
    except Exception as error:  # noqa: BLE001 - handed to the caller
        return error


_read_once = cache(_read)
"""For the DAG processor, which calls about all tasks of a DAG file whose workers died, one after the other, within 50
seconds and in a process that then ends."""


def _in_time(make: Callable[[], _Found]) -> _Found:
    """The result or error of a call in a thread, abandoned after a timeout; must not use Airflow's supervisor."""
    found: list[_Found] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            found.append(make())
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits
            errors.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(_SECONDS + _GRACE_SECONDS)
    if errors:
        raise errors[0]
    if not found:
        raise TimeoutError(f"no response within {_SECONDS} seconds")
    return found[0]


def _party(team: str, entries: "Mapping[str, Entry]") -> str:
    channel = entries[team].contact.channel if team in entries else None
    return f"{team} ({channel[:_LONGEST]})" if channel else team


def _or_nothing(make: Callable[[], tuple[_Made, ...]]) -> tuple[_Made, ...]:
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - the alert is sent without it
        _log.info(
            "The alert does not mention other teams, because an error occurred: %s: %s",
            type(error).__name__,
            redacted(error),
        )
        return ()

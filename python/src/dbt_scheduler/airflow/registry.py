"""Reads the current registry: its URL, all entries, and a sensor's wait.

Only running tasks import this: parsing a DAG needs no registry.
"""

import logging

from dbt_scheduler.findings.printable import one_line, shown_url
from dbt_scheduler.registry.backend import RegistryUnreadableError
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.registry.store import RegistryContents
from dbt_scheduler.registry.stores import open_store
from dbt_scheduler.spec import DagSpec, Sensor
from dbt_scheduler.waits.wait import NoProducer, Wait, wait_of

_log = logging.getLogger(__name__)


def read_entries(url: str, seconds: float = 10) -> dict[str, Entry]:
    """All teams' entries; invalid ones are logged as warnings.

    Raises RegistryUnreadableError, and ValueError for a URL that is not supported.
    """
    return read_registry(url, seconds).entries


def read_registry(url: str, seconds: float = 10) -> RegistryContents:
    """The same, with findings for invalid entries."""
    reading = open_store(url, seconds).read_all()
    for finding in reading.findings:
        _log.warning("Ignoring %s: %s", finding.path, one_line(finding.message))
    return reading


def find_wait(sensor: Sensor, consumer: DagSpec, url: str) -> Wait | NoProducer:
    """The producer that a sensor currently waits for.

    If the registry cannot be read or does not have the team, it is the compiled producer.
    """
    return wait_of(sensor, consumer, _entry(sensor.team, url))


def _entry(team: str, url: str) -> Entry | None:
    try:
        entry = open_store(url).read(team)
    except (RegistryUnreadableError, ValueError) as error:
        _log.warning(
            "The registry %s cannot be read: using the producer in the compiled spec. %s",
            shown_url(url),
            error,
        )
        return None
    if entry is None:
        _log.warning(
            "The registry %s has no entry for %s: using the producer in the compiled spec.",
            shown_url(url),
            team,
        )
    return entry

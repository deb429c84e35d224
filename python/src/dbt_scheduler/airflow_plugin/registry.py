"""The registry that Airflow's configuration or the sweep DAGs name; cached for a short time."""

import time
from collections import OrderedDict
from datetime import UTC, datetime
from threading import Lock

from dbt_scheduler.airflow_plugin.readable import readable_entries
from dbt_scheduler.airflow_plugin.server import DagModel, SerializedDagModel, conf, create_session
from dbt_scheduler.findings.sentences import sentences
from dbt_scheduler.registry.backend import RegistryUnreadableError
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.store import RegistryContents
from dbt_scheduler.registry.stores import open_store
from dbt_scheduler.schedule.text import format_moment
from dbt_scheduler.site.catalogue import Catalogue
from dbt_scheduler.spec import RESUME_DAG

SECTION, OPTION = "dbt_scheduler", "registry"
"""The option in Airflow's configuration that selects the registry, if one Airflow has several environments."""

_SETTING = f"{OPTION} in the section [{SECTION}] of Airflow's configuration"

_SECONDS = 20.0
_FRESH_SECONDS = 30.0
_CATALOGUES = 8
"""The number of cached sets of permissions."""


class NoRegistryError(Exception):
    """There is no registry to show; the message gives the reason and what to do."""


class Registry:
    """A snapshot of the registry; ``problem`` is set if it could not be read since."""

    def __init__(self, url: str, contents: RegistryContents) -> None:
        self.url = url
        self.contents = contents
        self.read_at = datetime.now(UTC)
        self.problem = ""
        self._lock = Lock()
        self._catalogues: OrderedDict[frozenset[str], Catalogue] = OrderedDict()

    def readable(self, dag_ids: frozenset[str]) -> Catalogue:
        """The catalogue for users who are allowed to read these DAGs; cached by that set."""
        with self._lock:
            if dag_ids not in self._catalogues:
                entries = readable_entries(self.contents.entries, dag_ids)
                self._catalogues[dag_ids] = Catalogue(Directory(entries))
            self._catalogues.move_to_end(dag_ids)
            while len(self._catalogues) > _CATALOGUES:
                self._catalogues.popitem(last=False)
            return self._catalogues[dag_ids]


class Registries:
    """Reads the registry at most twice a minute for all users, even if reading fails. Raises NoRegistryError."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: Registry | None = None
        self._problem = ""
        self._until = 0.0

    def read(self) -> Registry:
        """The registry, usually read within the last half minute; if it cannot be read, the last snapshot."""
        # One of several concurrent requests reads; the others wait only if there is no snapshot yet.
        if time.monotonic() > self._until and self._lock.acquire(blocking=self._kept is None):
            try:
                if time.monotonic() > self._until:
                    self._read()
                    self._until = time.monotonic() + _FRESH_SECONDS
            finally:
                self._lock.release()
        if self._kept is None:
            raise NoRegistryError(self._problem)
        return self._kept

    def _read(self) -> None:
        try:
            url = _url()
            self._kept = Registry(url, open_store(url, _SECONDS).read_all())
        except (NoRegistryError, RegistryUnreadableError, ValueError) as error:
            self._problem = sentences("the registry cannot be read", str(error))
            if self._kept:
                shown = f"showing its contents as of {format_moment(self._kept.read_at)}"
                self._kept.problem = sentences(self._problem, shown)


def _url() -> str:
    """The configured registry, or else the one that all sweep DAGs name.

    Any DAG author can deploy a DAG that names another registry, so none of several is preferred.

    Raises:
        NoRegistryError: there is none, or the DAGs name different ones.

    """
    named: str = conf.get(SECTION, OPTION, fallback="")
    if named:
        return named
    with create_session() as session:
        dag_ids = [
            dag_id
            for (dag_id,) in session.query(DagModel.dag_id).filter(
                DagModel.dag_id.endswith(RESUME_DAG), DagModel.is_stale.is_(False)
            )
        ]
    found: dict[str, str] = {}
    for dag_id in sorted(dag_ids, key=lambda name: (len(name), name)):
        if url := _url_of(dag_id):
            found.setdefault(url, dag_id)
        if len(found) > 1:
            raise NoRegistryError(
                f"The DAGs {' and '.join(found.values())} use different registries. Set {_SETTING}."
            )
    if not found:
        raise NoRegistryError(
            f"No registry is configured: Airflow has no DAG {RESUME_DAG}. Deploy that DAG, or set {_SETTING}."
        )
    return next(iter(found))


def _url_of(dag_id: str) -> str | None:
    dag = SerializedDagModel.get_dag(dag_id)
    tasks = dag.task_dict.values() if dag else ()
    return next((task.registry for task in tasks if isinstance(getattr(task, "registry", None), str)), None)

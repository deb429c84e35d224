"""The compiled DAGs at hand, of every team, and the registry beside them: what commands read offline."""

from pathlib import Path

from dbt_scheduler import spec
from dbt_scheduler.pipelines import unusable_schedule
from dbt_scheduler.printable import shown_url
from dbt_scheduler.producers import current_producer
from dbt_scheduler.registry import Entry
from dbt_scheduler.spec import DagSpec, Producer, Sensor
from dbt_scheduler.stores import RegistryUnreadableError, open_store, typed_url
from dbt_scheduler.suggest import did_you_mean

_DAGS = "dags"
_USUAL = (Path(), Path("out"))
_MOST_NAMES = 10


class NotFoundError(Exception):
    """What a person asked for is not there: a sentence, and a hint what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Deployed:
    """The folder that ``dbt-scheduler compile`` wrote. Specs and entries are read when first asked for."""

    def __init__(self, out: Path | None = None, registry: str | None = None) -> None:
        self.dags = _dags(out)
        self.warnings: list[str] = []
        self._registry = registry
        self._specs: dict[str, DagSpec] = {}
        self._entries: dict[tuple[str, str], Entry | None] = {}

    def dag_ids(self) -> tuple[str, ...]:
        """Every DAG that there is a spec of."""
        return tuple(sorted(path.stem for path in self.dags.glob("*.json")))

    def spec(self, dag_id: str) -> DagSpec:
        """The spec of a DAG; NotFoundError says what it may be called, or what is wrong with its file."""
        if dag_id not in self._specs:
            if dag_id not in self.dag_ids():
                raise NotFoundError(f'there is no DAG "{dag_id}" in {self.dags}', self._meant(dag_id))
            self._specs[dag_id] = read_spec(self.dags / f"{dag_id}.json")
        return self._specs[dag_id]

    def find(self, dag_id: str) -> DagSpec | None:
        """The spec of a DAG; None, and a warning if its file is damaged, when it cannot be had."""
        if dag_id not in self.dag_ids():
            return None
        try:
            return self.spec(dag_id)
        except NotFoundError as error:
            self._warn(f"{error.message}: {error.hint}")
            return None

    def producer(self, wait: Sensor, consumer: DagSpec) -> Producer:
        """The task that a sensor waits for now; raises NoProducerError when nobody makes it any more."""
        return current_producer(self.entry(wait.team, consumer), wait, consumer)

    def entry(self, team: str, reader: DagSpec) -> Entry | None:
        """A team's registry entry, read where the DAG ``reader`` reads it; None when it cannot be had."""
        url = self._url(reader)
        if (url, team) not in self._entries:
            try:
                self._entries[url, team] = open_store(url).read(team)
            except (RegistryUnreadableError, ValueError) as error:
                self._warn(
                    f"the registry {shown_url(url)} cannot be read ({error}): this is as it was compiled"
                )
                self._entries[url, team] = None
        return self._entries[url, team]

    def _meant(self, dag_id: str) -> str:
        known = self.dag_ids()
        more = " ..." if len(known) > _MOST_NAMES else ""
        return did_you_mean(dag_id, known) or f"there are: {', '.join(known[:_MOST_NAMES])}{more}"

    def _url(self, reader: DagSpec) -> str:
        try:
            if self._registry:
                return typed_url(self._registry)
        except ValueError as error:
            raise NotFoundError(str(error), "correct --registry") from None
        return reader.registry_url or (self.dags.resolve().parent / "registry").as_uri()

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def _dags(out: Path | None) -> Path:
    """The folder of specs: below the folder named, else below the current one or ``out`` in it."""
    places = _USUAL if out is None else (out,)
    for place in places:
        if any((place / _DAGS).glob("*.json")):
            return place / _DAGS
    where = " or ".join(str(place / _DAGS) for place in places)
    raise NotFoundError(
        f"there are no compiled DAGs in {where}",
        "name the folder that `dbt-scheduler compile --out` wrote with --out",
    )


def read_spec(path: Path) -> DagSpec:
    """A spec that this release can use; NotFoundError says what is wrong with its file."""
    try:
        found = spec.read_spec(path)
    except spec.SpecError as error:
        raise NotFoundError(f"{path} {error.problem}", error.hint) from None
    problem = unusable_schedule(found)
    if problem:
        raise NotFoundError(f"{path} {problem}", spec.COMPILE_AGAIN)
    return found

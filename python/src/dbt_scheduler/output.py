"""The output folder of ``dbt-scheduler compile``: its specs and registry entries, for offline commands."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from dbt_scheduler import spec
from dbt_scheduler.findings.catalogue.inputs import SCH420, SCH422
from dbt_scheduler.findings.finding import CannotRunError, UsageError
from dbt_scheduler.findings.printable import shown_url
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.registry.backend import RegistryUnreadableError
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.registry.stores import open_store, typed_url
from dbt_scheduler.schedule import unusable_schedule
from dbt_scheduler.spec import ONE_WRITER, DagSpec, Sensor, pools_of
from dbt_scheduler.waits.wait import NoProducer, Wait, wait_of

_DAGS = "dags"
_USUAL = (Path(), Path("out"))
_MOST_NAMES = 10


class TeamOutput(msgspec.Struct, frozen=True):
    """The compiled output of a team: its DAGs by dag_id, and its registry entry."""

    specs: Mapping[str, DagSpec]
    entry: Entry


class DeployedDags:
    """An output folder, with the registry that each spec names; specs and entries are read on first use."""

    def __init__(self, out: Path | None = None, registry: str | None = None) -> None:
        self.dags = _dags(out)
        self.warnings: list[str] = []
        self._registry = registry
        self._specs: dict[str, DagSpec] = {}
        self._entries: dict[tuple[str, str], Entry | None] = {}

    def dag_ids(self) -> tuple[str, ...]:
        """All DAGs with a spec, sorted."""
        return tuple(sorted(path.stem for path in self.dags.glob("*.json")))

    def spec(self, dag_id: str) -> DagSpec:
        """The spec of a DAG. Raises UsageError if there is none, and CannotRunError if its file cannot be used."""
        if dag_id not in self._specs:
            if dag_id not in self.dag_ids():
                raise UsageError(f'DAG "{dag_id}" not found in {self.dags}', self._meant(dag_id))
            self._specs[dag_id] = read_spec(self.dags / f"{dag_id}.json")
        return self._specs[dag_id]

    def find(self, dag_id: str) -> DagSpec | None:
        """The spec of a DAG; None if there is none, or, with a warning, if its file cannot be used."""
        if dag_id not in self.dag_ids():
            return None
        try:
            return self.spec(dag_id)
        except CannotRunError as error:
            for finding in error.findings:
                self._warn(f"{finding.place}: {finding.message}: {finding.hint}")
            return None

    def wait(self, sensor: Sensor, consumer: DagSpec) -> Wait | NoProducer:
        """The producer that a sensor currently waits for."""
        return wait_of(sensor, consumer, self.entry(sensor.team, consumer))

    def entry(self, team: str, reader: DagSpec) -> Entry | None:
        """A team's entry in the registry of the DAG ``reader``; None without one, or, with a warning, if unreadable."""
        url = self._url(reader)
        if (url, team) not in self._entries:
            try:
                self._entries[url, team] = open_store(url).read(team)
            except (RegistryUnreadableError, ValueError) as error:
                self._warn(
                    f"the registry {shown_url(url)} cannot be read ({error}): using the compiled dependencies"
                )
                self._entries[url, team] = None
        return self._entries[url, team]

    def _meant(self, dag_id: str) -> str:
        known = self.dag_ids()
        more = " ..." if len(known) > _MOST_NAMES else ""
        return did_you_mean(dag_id, known) or f"available DAGs: {', '.join(known[:_MOST_NAMES])}{more}"

    def _url(self, reader: DagSpec) -> str:
        try:
            if self._registry:
                return typed_url(self._registry)
        except ValueError as error:
            raise UsageError(str(error), "check --registry") from None
        return reader.registry_url or (self.dags.resolve().parent / "registry").as_uri()

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def _dags(out: Path | None) -> Path:
    """The folder of specs: in the given folder, or else in the current one or in ``out``. Raises UsageError."""
    places = _USUAL if out is None else (out,)
    for place in places:
        if any((place / _DAGS).glob("*.json")):
            return place / _DAGS
    where = " or ".join(str(place / _DAGS) for place in places)
    raise UsageError(
        f"no compiled DAGs found in {where}",
        "set --out to the output folder of `dbt-scheduler compile`",
    )


def read_spec(path: Path) -> DagSpec:
    """Read a spec.

    Raises:
        CannotRunError: the file cannot be used by this release.

    """
    try:
        found = spec.read_spec(path)
    except spec.SpecError as error:
        raise CannotRunError.because(SCH422.at(str(path), problem=error.problem, hint=error.hint)) from None
    problem = unusable_schedule(found)
    if problem:
        raise CannotRunError.because(SCH422.at(str(path), problem=problem, hint=spec.COMPILE_AGAIN))
    return found


def pool_slots(specs: Iterable[DagSpec], configured: Mapping[str, int]) -> dict[str, int | None]:
    """The slots of each Airflow pool that the tasks of DAGs use; None if no number is configured."""
    needed = {pool for each in specs for pool in pools_of(each)}
    return {name: configured.get(name, 1 if name.startswith(ONE_WRITER) else None) for name in sorted(needed)}


class CompiledOutput(msgspec.Struct, frozen=True):
    """An output folder: the registry entries by team, and the specs by team and dag_id."""

    folder: Path
    entries: dict[str, Entry]
    specs: dict[str, dict[str, DagSpec]]

    def state(self, team: str) -> TeamOutput | None:
        """The output of a team; None if it is not in this folder."""
        entry = self.entries.get(team)
        return None if entry is None else TeamOutput(self.specs.get(team, {}), entry)


def read_output(folder: Path) -> CompiledOutput:
    """Read a whole output folder; an empty one is the output of no team.

    Raises:
        CannotRunError: the folder is missing or has no output of ``compile``, or a file in it cannot be read.

    """
    if not folder.is_dir():
        raise _refusal(folder, "the folder does not exist")
    if any(folder.iterdir()) and not (folder / "registry").is_dir():
        raise _refusal(folder, "the folder registry/ does not exist")
    reading = open_store((folder / "registry").resolve().as_uri()).read_all()
    if reading.findings:
        raise CannotRunError(reading.findings)
    specs: dict[str, dict[str, DagSpec]] = {}
    for path in sorted((folder / _DAGS).glob("*.json")):
        found = read_spec(path)
        if found.team not in reading.entries:
            raise _refusal(
                folder, f"{path.name} belongs to team {found.team}, which has no entry in registry/"
            )
        specs.setdefault(found.team, {})[found.dag_id] = found
    return CompiledOutput(folder, reading.entries, specs)


def _refusal(folder: Path, problem: str) -> CannotRunError:
    return CannotRunError.because(SCH420.at(str(folder), problem=problem))

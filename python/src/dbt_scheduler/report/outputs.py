"""Reads what ``dbt-scheduler compile`` wrote: the specs and the registry entries of its teams."""

from pathlib import Path

import msgspec

from dbt_scheduler.catalogue.inputs import SCH420
from dbt_scheduler.changes.state import State
from dbt_scheduler.deployed import read_spec
from dbt_scheduler.errors import CannotRunError
from dbt_scheduler.registry import Entry
from dbt_scheduler.spec import DagSpec
from dbt_scheduler.stores import open_store


class Output(msgspec.Struct, frozen=True):
    """One compiled output: by team its registry entry, and its specs by DAG."""

    folder: Path
    entries: dict[str, Entry]
    specs: dict[str, dict[str, DagSpec]]

    def state(self, team: str) -> State | None:
        """A team as it was compiled; None if it is not in this output."""
        entry = self.entries.get(team)
        return None if entry is None else State(self.specs.get(team, {}), entry)


def read_output(folder: Path) -> Output:
    """Read all of a folder; an empty one is a project without a team yet.

    Raises:
        CannotRunError: the folder is missing or not one that compile wrote, or an entry in it cannot be read.
        NotFoundError: a spec in it cannot be read.

    """
    if not folder.is_dir():
        raise _refusal(folder, "there is no such folder")
    if any(folder.iterdir()) and not (folder / "registry").is_dir():
        raise _refusal(folder, "it has no folder registry/")
    reading = open_store((folder / "registry").resolve().as_uri()).read_all()
    if reading.findings:
        raise CannotRunError(reading.findings)
    specs: dict[str, dict[str, DagSpec]] = {}
    for path in sorted((folder / "dags").glob("*.json")):
        spec = read_spec(path)
        if spec.team not in reading.entries:
            raise _refusal(folder, f"{path.name} is of team {spec.team}, which has no entry in registry/")
        specs.setdefault(spec.team, {})[spec.dag_id] = spec
    return Output(folder, reading.entries, specs)


def _refusal(folder: Path, problem: str) -> CannotRunError:
    return CannotRunError.because(SCH420.at(str(folder), problem=problem))

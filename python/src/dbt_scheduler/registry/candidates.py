"""Compiled entries to publish, as written by ``compile``."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec

from dbt_scheduler.files import read_file
from dbt_scheduler.findings.catalogue.inputs import SCH401
from dbt_scheduler.findings.catalogue.registry import SCH414
from dbt_scheduler.findings.finding import CannotRunError, Finding
from dbt_scheduler.registry.backend import RegistryUnreadableError
from dbt_scheduler.registry.encoding import decode_entry, is_team
from dbt_scheduler.registry.entry import EXTERNAL_PROJECT, Base, Entry

_BASES = msgspec.json.Decoder(dict[str, Base])


class Candidate(msgspec.Struct, frozen=True):
    """A team's compiled entry, and the version of the published entry that it is based on."""

    team: str
    path: str
    entry: Entry
    base: str | None


def load_candidates(out: Path) -> tuple[tuple[Candidate, ...], tuple[Finding, ...]]:
    """The entries in an output folder of ``compile``, by team, and findings about the others.

    Raises:
        CannotRunError: there are none.

    """
    candidates, findings = [], []
    for path in sorted((out / "registry").glob("[!.]*.json")):
        try:
            entry, base = _load_entry(path), _load_base(out / "base" / path.name)
            candidates.append(Candidate(path.stem, str(path), entry, base))
        except RegistryUnreadableError as error:
            findings.append(SCH414.at(str(path), subject=path.stem, hint=error.hint, problem=str(error)))
    if not candidates and not findings:
        hint = f"run `dbt-scheduler compile --out {out}` first"
        raise CannotRunError.because(SCH401.at(str(out / "registry" / "*.json"), hint=hint))
    return tuple(candidates), tuple(findings)


def renamed_team_warnings(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """Warnings about teams of the same dbt project: a renamed team may still be in the output folder.

    A renamed team looks the same as a second team of a dbt project with the same name, which is allowed.
    """
    teams: dict[str, list[str]] = defaultdict(list)
    for candidate in candidates:
        project = candidate.entry.project_name
        if project is not None and project != EXTERNAL_PROJECT:
            teams[project].append(candidate.team)
    return tuple(
        f'{" and ".join(names)} belong to the same dbt project "{project}": if the team was renamed, '
        "compile to an empty folder, and publish that"
        for project, names in sorted(teams.items())
        if len(names) > 1
    )


def _load_entry(path: Path) -> Entry:
    if not is_team(path.stem):
        raise RegistryUnreadableError(f'"{path.stem}" is not a valid team name')
    try:
        return decode_entry(path.stem, read_file(path))
    except OSError as error:
        raise RegistryUnreadableError((error.strerror or "the file cannot be read").lower()) from None


def _load_base(path: Path) -> str | None:
    try:
        return _BASES.decode(read_file(path))[path.stem].version
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, KeyError, RecursionError):
        raise RegistryUnreadableError(f"{path} does not record the base version") from None

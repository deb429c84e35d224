"""Writes a proposal: edits as a patch, and new files to a folder, replacing an earlier proposal."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from difflib import unified_diff
from pathlib import Path

import msgspec

from dbt_scheduler.adopt.blocks import lines_of
from dbt_scheduler.adopt.types import Proposal, TeamProposal
from dbt_scheduler.files import encode_json, read_file, resolved, write_atomically
from dbt_scheduler.findings.catalogue.inputs import SCH416
from dbt_scheduler.findings.finding import CannotRunError

INDEX = "adopt.json"
"""The file at the top of every proposal that lists its contents."""


_CUT = "\\ No newline at end of file\n"


class _Index(msgspec.Struct):
    teams: dict[str, TeamProposal]


class _Listed(msgspec.Struct):
    files: tuple[str, ...]


class _Earlier(msgspec.Struct):
    teams: dict[str, _Listed]


def render_patch(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """A patch from ``before`` to ``after``, for ``git apply`` and ``patch -p1``.

    Both are texts by path; files may be added, and empty ones are deleted.
    """
    changed = sorted(path for path, text in after.items() if before.get(path) != text)
    return "".join(line for path in changed for line in _file(path, before.get(path), after[path]))


def encode_proposal(proposal: Proposal) -> bytes:
    """The proposals as JSON."""
    return encode_json(_Index(proposal.teams))


def write_proposal(out: Path, proposal: Proposal) -> None:
    """Write every file below ``out``, and delete files of an earlier proposal.

    Raises:
        CannotRunError: the folder contains something other than a proposal, or a symlink that leads outside.
        OSError: a file cannot be written.

    """
    old = _earlier(out)
    new = {out / path: text.encode() for path, text in proposal.texts.items()}
    for path in (out / INDEX, *sorted(new)):
        _refuse_links(out, path)
    # Written first: after an interruption, the next run still recognises the folder.
    for path, content in ((out / INDEX, encode_proposal(proposal)), *sorted(new.items())):
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content)
    for path in old - new.keys():
        path.unlink(missing_ok=True)
        _remove_empty_folders(path.parent, out)


def _remove_empty_folders(folder: Path, out: Path) -> None:
    """The folder and those above it, below ``out``, up to the first that is not empty."""
    with suppress(OSError):
        while folder != out and folder.is_relative_to(out):
            folder.rmdir()
            folder = folder.parent


def _file(path: str, before: str | None, after: str) -> Iterator[str]:
    old = "/dev/null" if before is None else _name("a", path)
    new = _name("b", path) if after else "/dev/null"
    for line in unified_diff(lines_of(before or ""), lines_of(after), old, new):
        yield line if line.endswith("\n") else f"{line}\n{_CUT}"


def _name(side: str, path: str) -> str:
    # A file name with a space must end with a tab.
    return f"{side}/{path}\t" if " " in path else f"{side}/{path}"


def _refuse_links(out: Path, path: Path) -> None:
    """Raise CannotRunError for a symlink out of the folder: writing would change other files."""
    below = [step for step in (path, *path.parents) if step != out and step.is_relative_to(out)]
    for step in reversed(below):
        if not resolved(step).is_relative_to(out.resolve()):
            problem, hint = (
                f"it is a symlink to a path outside {out}",
                ("remove it, or specify another folder"),
            )
            raise CannotRunError.because(SCH416.at(str(step), problem=problem, hint=hint))


def _earlier(out: Path) -> set[Path]:
    """The files of the existing proposal. Raises CannotRunError if the folder has other contents."""
    if not out.is_dir() or not any(out.iterdir()):
        return set()
    try:
        teams = msgspec.json.decode(read_file(out / INDEX), type=_Earlier).teams
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        raise CannotRunError.because(
            SCH416.at(str(out), problem=f"it contains files, but no {INDEX}")
        ) from None
    paths = {out / team / file for team, each in teams.items() for file in each.files}
    return {path for path in paths if path.resolve().is_relative_to(out.resolve())}

"""Records what slices were made from, and detects changes; runs before dbt is imported, which is the slowest part."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from glob import glob
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Any, NamedTuple

from dbt_scheduler.dbt.store import Index, NoSliceError, read_seen

_NOT_PARSED = (
    "DBT_STATE",
    "DBT_DEFER",
    "DBT_DEFER_STATE",
    "DBT_FAVOR_STATE",
    "DBT_PROFILE",
    "DBT_PROJECT_DIR",
)
"""dbt's variables that change the parsed project; each also has a newer name."""


_NOT_DBTS = (".dbt_scheduler", ".git", "__pycache__")


class File(NamedTuple):
    """A project file from a folder listing; ``mtime`` is in whole seconds, as images store it."""

    path: str
    size: int
    mtime: int


def installed_versions() -> dict[str, str]:
    """The installed distributions that are part of dbt, including dbt-scheduler."""
    names = {(each.metadata["Name"] or "").lower().replace("_", "-") for each in distributions()}
    return {name: _version(name) or "" for name in sorted(names) if name.startswith("dbt-")}


def digests_of(names: Iterable[str], environment: Mapping[str, str]) -> dict[str, str | None]:
    """A digest of each variable's value; None if not set."""
    return {name: _digest(environment.get(name)) for name in sorted(names)}


def list_files(project: Path, places: Sequence[str]) -> list[File]:
    """The files in these places, sorted. Places are files, folders and patterns with ``*``, relative to the project."""
    found: list[File] = []
    for place in places:
        for path in glob(place, root_dir=project) if "*" in place else (place,):  # noqa: PTH207 - any folder
            found += _walk(project, path)
    return sorted(set(found))


def checksums(project: Path, files: Iterable[File]) -> dict[str, str]:
    """The SHA-256 of each file's content."""
    return {file.path: sha256((project / file.path).read_bytes()).hexdigest() for file in files}


def note_of(files: Sequence[File], now: int) -> dict[str, Any]:
    """The metadata by which unchanged files are recognised without reading them.

    ``recent`` are the files written about ``now`` (in seconds) or later: they may change again with the same ``stat``,
    so they are always read.
    """
    return {"stat": _stat(files), "recent": [file.path for file in files if file.mtime >= now - 1]}


def require_same(index: Index, project: Path, environment: Mapping[str, str]) -> None:
    """Raise NoSliceError for the first difference from the state in which the project was sliced."""
    for problem in _differences(index, project, environment):
        raise NoSliceError(problem)


def _differences(index: Index, project: Path, environment: Mapping[str, str]) -> Iterator[str]:
    made_from = index.made_from
    for name, was in made_from["versions"].items():
        now = _version(name)
        if now != was:
            yield f"it was created with {name} {was}, but {now or 'none'} is installed"
    for name in _NOT_PARSED:
        for each in (name, name.replace("DBT_", "DBT_ENGINE_")):
            if environment.get(each):
                yield f"the environment variable {each} is set"
    for name, digest in made_from["env"].items():
        if _digest(environment.get(name)) != digest:
            yield f"the environment variable {name}, which dbt reads while parsing, has changed"
    try:
        changed = _changed_file(index, project)
    except OSError as error:
        changed = f"cannot read {error.filename}: {error.strerror}"
    if changed:
        yield changed


def _changed_file(index: Index, project: Path) -> str | None:
    files = list_files(project, index.made_from["places"])
    noted = read_seen(index)
    recent = noted.get("recent", [])
    if noted.get("stat") == _stat(files) and not recent:
        return None
    checked = [file for file in files if file.path in recent] if noted.get("stat") == _stat(files) else files
    was: dict[str, str] = index.read(index.made_from["files"])
    for path, checksum in checksums(project, checked).items():
        if path not in was:
            return f"{path} is new"
        if was[path] != checksum:
            return f"{path} has changed"
    gone = was.keys() - {file.path for file in files}
    return f"{min(gone)} was deleted" if gone else None


def _walk(project: Path, place: str) -> Iterator[File]:
    """Every file of a place, without hidden files, bytecode and symlinked folders: dbt does not follow symlinks."""
    start = project / place
    if start.is_file():
        status = start.stat()
        yield File(place, status.st_size, int(status.st_mtime))
    folders = [(place, os.fspath(start))] if start.is_dir() else []
    while folders:
        name, folder = folders.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                path = f"{name}/{entry.name}"
                if entry.is_symlink() and not Path(entry.path).is_file():
                    continue
                if entry.is_dir():
                    if entry.name not in _NOT_DBTS:
                        folders.append((path, entry.path))
                elif entry.is_file() and not entry.name.startswith("."):
                    status = entry.stat()
                    yield File(path, status.st_size, int(status.st_mtime))


def _stat(files: Iterable[File]) -> str:
    listed = "\n".join(f"{path}\0{size}\0{mtime}" for path, size, mtime in files)
    return sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()


@cache  # in a worker, imported modules determine what runs
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _digest(value: str | None) -> str | None:
    return None if value is None else sha256(value.encode("utf-8", "surrogateescape")).hexdigest()

"""The text files of a dbt project that may call source() or declare sources."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import msgspec

from dbt_scheduler.adopt.calls import Pair, SourceCalls, find_calls
from dbt_scheduler.adopt.declarations import Declaration, find_declarations
from dbt_scheduler.config.yaml import load_yaml
from dbt_scheduler.files import read_file, resolved

_FOLDERS = {
    "model-paths": "models",
    "snapshot-paths": "snapshots",
    "seed-paths": "seeds",
    "function-paths": "functions",
    "test-paths": "tests",
    "analysis-paths": "analyses",
    "macro-paths": "macros",
}
_PROJECT = "dbt_project.yml"
_KINDS = {".sql", ".py", ".yml", ".yaml"}


class ProjectFiles(msgspec.Struct, frozen=True):
    """A project's own files: texts by path, as in a manifest, unchanged including line ends.

    ``calls`` are the calls of source() in each file, including files whose name a patch cannot contain. ``outside`` are
    other files that declare sources: files shared by several projects, or with such a name. ``models`` is the folder
    for new model files, ``macros`` are the macro folders.
    """

    texts: dict[str, str]
    calls: dict[str, SourceCalls]
    outside: dict[str, str]
    models: str
    macros: tuple[str, ...]

    def declared(self, file: str, pair: Pair) -> Declaration | None:
        """A file's declaration of a source table; None if it cannot be read."""
        text = self.texts.get(file, self.outside.get(file))
        return find_declarations(text).get(pair) if text is not None else None

    def is_shared(self, path: str) -> bool:
        """Whether nodes of other files may read through this file: macros, hooks and variables."""
        return path == _PROJECT or any(path.startswith(f"{folder}/") for folder in self.macros)


def read_files(folder: Path, declaring: Iterable[str]) -> ProjectFiles:
    """Read the files in the project's paths and those in ``declaring``; files that are not UTF-8 are skipped."""
    paths = _project_paths(folder)
    inside = {kind: [path for path in found if _is_inside(folder, path)] for kind, found in paths.items()}
    found: dict[str, str] = {}
    for start in {path for paths in inside.values() for path in paths}:
        found.update(_texts(folder, start))
    found |= _some(folder, ("scheduler.yaml", _PROJECT))
    texts = {path: text for path, text in sorted(found.items()) if _in_patch(path)}
    outside = _some(folder, {path for path in declaring if path not in texts})
    models = next((path for path in inside["model-paths"] if _is_plain(path)), "models")
    calls = {path: _calls(path, text) for path, text in sorted(found.items())}
    return ProjectFiles(texts, calls, outside, models, tuple(inside["macro-paths"]))


def _calls(path: str, text: str) -> SourceCalls:
    calls = find_calls(text, in_yaml=path.endswith((".yml", ".yaml")))
    if _in_patch(path):
        return calls
    return SourceCalls(hidden={**calls.hidden, **dict.fromkeys(calls.pairs, 0)}, others=calls.others)


def _in_patch(path: str) -> bool:
    """Whether a patch can name the file: git and patch quote special characters differently."""
    return path.isprintable() and not {'"', "\\"} & set(path)


def _project_paths(folder: Path) -> dict[str, list[str]]:
    """The folders of each kind, by their keys in ``dbt_project.yml``."""
    document = load_yaml(folder / _PROJECT)[0]
    value = document.value if document else None
    said = value if isinstance(value, dict) else {}
    found = {}
    for key, default in _FOLDERS.items():
        listed = said.get(key)
        words = [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else [default]
        found[key] = [str(PurePosixPath(word)) for word in words]
    return found


def _is_inside(folder: Path, path: str) -> bool:
    return "{" not in path and _lies_in(folder, folder / path)


def _lies_in(folder: Path, path: Path) -> bool:
    try:
        return resolved(path).is_relative_to(folder.resolve())
    except OSError:
        return False


def _is_plain(path: str) -> bool:
    return _in_patch(path) and not path.startswith("/") and ".." not in path.split("/")


def _texts(folder: Path, start: str) -> Iterator[tuple[str, str]]:
    for root, _, names in os.walk(folder / start):
        for name in names:
            path = Path(root, name)
            if path.suffix in _KINDS and _lies_in(folder, path) and (text := _text(path)) is not None:
                # A name in a legacy encoding cannot be written as UTF-8.
                shown = path.relative_to(folder).as_posix().encode(errors="backslashreplace")
                yield shown.decode(), text


def _some(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    found = {path: _text(folder / path) for path in sorted(paths)}
    return {path: text for path, text in found.items() if text is not None}


def _text(path: Path) -> str | None:
    try:  # a manifest may name any file, including a device or a pipe
        return read_file(path).decode()
    except (OSError, UnicodeDecodeError):
        return None

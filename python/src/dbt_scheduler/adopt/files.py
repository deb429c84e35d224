"""The text files of a dbt project in which source() can be called and sources be declared."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import msgspec

from dbt_scheduler.adopt.calls import Pair, pairs_in
from dbt_scheduler.adopt.declarations import Declaration, find_declarations
from dbt_scheduler.document import load_yaml

_FOLDERS = {
    "model-paths": "models",
    "snapshot-paths": "snapshots",
    "seed-paths": "seeds",
    "test-paths": "tests",
    "analysis-paths": "analyses",
    "macro-paths": "macros",
}
_KINDS = {".sql", ".py", ".yml", ".yaml"}


class ProjectFiles(msgspec.Struct, frozen=True):
    """A project's own files as they are: texts by path, as in a manifest; byte for byte, with line ends.

    ``pairs`` are the source tables that each file names literally in a call of source().
    ``outside`` are the further files that declare sources, which several projects may share. ``models`` is
    the folder of models that new files go into, ``macros`` are the folders of macros.
    """

    texts: dict[str, str]
    pairs: dict[str, set[Pair]]
    outside: dict[str, str]
    models: str
    macros: tuple[str, ...]

    def declared(self, file: str, pair: Pair) -> Declaration | None:
        """What a file says of a source table, if it can be read."""
        text = self.texts.get(file, self.outside.get(file))
        return find_declarations(text).get(pair) if text is not None else None

    def in_macros(self, path: str) -> bool:
        """Whether a file defines macros."""
        return any(path.startswith(f"{folder}/") for folder in self.macros)


def read_files(folder: Path, declaring: Iterable[str]) -> ProjectFiles:
    """Read the files below the project's paths and those ``declaring`` sources; what is no UTF-8 is left out."""
    paths = _project_paths(folder)
    inside = {kind: [path for path in found if _is_inside(folder, path)] for kind, found in paths.items()}
    texts: dict[str, str] = {}
    for start in {path for found in inside.values() for path in found}:
        texts.update(_texts(folder, start))
    texts |= _some(folder, ("scheduler.yaml",))
    outside = _some(folder, {path for path in declaring if path not in texts})
    models = next((path for path in inside["model-paths"] if _is_plain(path)), "models")
    texts = dict(sorted(texts.items()))
    pairs = {path: pairs_in(text) for path, text in texts.items()}
    return ProjectFiles(texts, pairs, outside, models, tuple(inside["macro-paths"]))


def _project_paths(folder: Path) -> dict[str, list[str]]:
    """Each kind's folders, in the words of ``dbt_project.yml``."""
    document = load_yaml(folder / "dbt_project.yml")[0]
    value = document.value if document else None
    said = value if isinstance(value, dict) else {}
    found = {}
    for key, default in _FOLDERS.items():
        listed = said.get(key)
        words = [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else [default]
        found[key] = [str(PurePosixPath(word)) for word in words]
    return found


def _is_inside(folder: Path, path: str) -> bool:
    return "{" not in path and (folder / path).resolve().is_relative_to(folder.resolve())


def _is_plain(path: str) -> bool:
    return not path.startswith("/") and ".." not in path.split("/")


def _texts(folder: Path, start: str) -> Iterator[tuple[str, str]]:
    for root, _, names in os.walk(folder / start):
        for name in names:
            path = Path(root, name)
            shown = path.relative_to(folder).as_posix()
            if path.suffix in _KINDS and _is_inside(folder, shown) and (text := _text(path)) is not None:
                yield shown, text


def _some(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    found = {path: _text(folder / path) for path in sorted(paths)}
    return {path: text for path, text in found.items() if text is not None}


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None

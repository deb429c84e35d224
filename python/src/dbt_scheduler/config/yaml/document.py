"""The position of each value in a YAML file, and its original text."""

from __future__ import annotations

import msgspec

Path = tuple[str | int, ...]


class Position(msgspec.Struct, frozen=True):
    """The position of a value: the line of its key, or its own in a list, and its text if it is a scalar."""

    line: int
    text: str | None = None
    children: dict[str | int, Position] = {}


class Coercion(msgspec.Struct, frozen=True):
    """An unquoted value that YAML parses as another type: ``on`` as true, ``10:30`` as 630."""

    path: Path
    line: int
    written: str
    read: str

    @property
    def hint(self) -> str:
        """How to keep the value as a string."""
        return f'YAML parses {self.written} as {self.read}: to keep it as a string, write "{self.written}"'


class Document(msgspec.Struct, frozen=True):
    """A parsed YAML file. Keys are always strings, as written (``on``, ``2025``); dates are strings too."""

    path: str
    value: object
    root: Position
    coercions: tuple[Coercion, ...] = ()

    def line(self, path: Path) -> int:
        """The line of a key or list item, or of the nearest parent that the file has."""
        return self._walk(path)[0].line

    def depth(self, path: Path) -> int:
        """The number of steps of a path that the file has."""
        return self._walk(path)[1]

    def text(self, path: Path) -> str | None:
        """A scalar as written in the file (``0.170``, not the number); None for anything else."""
        position, depth = self._walk(path)
        return position.text if depth == len(path) else None

    def _walk(self, path: Path) -> tuple[Position, int]:
        position = self.root
        for depth, step in enumerate(path):
            child = position.children.get(step)
            if child is None:
                return position, depth
            position = child
        return position, len(path)


def format_path(path: Path) -> str:
    """A path such as ``tasks[0].timeout``; positions count from 0."""
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return words.removeprefix(".")

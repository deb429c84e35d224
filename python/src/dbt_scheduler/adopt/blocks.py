"""Edits of YAML text that leave every other byte alone: block entries are cut out, or put in."""

import copy
import re
from collections.abc import Iterable
from typing import Any

from dbt_scheduler.document import Document, Path, parse_yaml


def parse(text: str) -> Document | None:
    """The document, if the text is YAML in which no key is written twice."""
    document, findings = parse_yaml(text.removeprefix("\ufeff"), "")
    return None if findings else document


def lines_of(text: str) -> list[str]:
    """A text's lines with their ends; only a line feed ends one, as in a patch."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def cut(text: str, paths: Iterable[Path]) -> str | None:
    """The text without these keys and list items; None where cutting lines would change anything else."""
    document = parse(text)
    if document is None:
        return None
    expected = copy.deepcopy(document.value)
    lines = lines_of(text)
    for path in sorted(paths, key=_last_first, reverse=True):
        block = block_of(document, lines, path)
        if block is None:
            return None
        _delete(expected, path)
        del lines[block.start : block.stop]
    new = "".join(lines)
    after = parse(new)
    return new if after is not None and _or_empty(after.value) == _or_empty(expected) else None


def block_of(document: Document, lines: list[str], path: Path) -> range | None:
    """The lines (from 0) of a key or list item written as a block; None for one written in ``{}`` or ``[]``."""
    start = document.line(path) - 1
    if document.depth(path) != len(path) or start >= len(lines):
        return None
    first = lines[start].removeprefix("\ufeff")
    indent = _indent(first)
    is_item = isinstance(path[-1], int)
    if is_item != first.lstrip().startswith("-"):
        return None
    end = start + 1
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        inside = _indent(line) > indent or (
            not is_item and _indent(line) == indent and line.lstrip().startswith("- ")
        )
        if not inside:
            break
        end = number + 1
    return range(start, end)


def line_end(text: str) -> str:
    """How the text ends its lines."""
    return "\r\n" if "\r\n" in text else "\n"


def _last_first(path: Path) -> tuple[tuple[bool, str | int], ...]:
    return tuple((isinstance(step, int), step) for step in path)


def _delete(value: Any, path: Path) -> None:  # noqa: ANN401 - mappings and lists by turns, as the path says
    for step in path[:-1]:
        value = value[step]
    del value[path[-1]]


def _or_empty(value: object) -> object:
    return value or {}


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))

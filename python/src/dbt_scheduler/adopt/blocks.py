"""Edits of YAML text that leave every other byte alone: block entries are cut out, or put in."""

import copy
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from dbt_scheduler.config.yaml import Document, Path, parse_yaml

# The one that documents are read with: the other one refuses some tabs.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(text: str) -> Document | None:
    """The document, if the text is YAML in which no key is written twice."""
    document, findings = parse_yaml(text.removeprefix("\ufeff"), "")
    return None if findings else document


def lines_of(text: str) -> list[str]:
    """A text's lines with their ends; only a line feed ends one, as in a patch."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def cut(text: str, paths: Iterable[Path]) -> str | None:
    """The text without these keys and list items; None where cutting lines would change anything else.

    The comment lines right above one, at its own indent, are about it and go as well.
    """
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
        del lines[_first_comment(lines, block.start) : block.stop]
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
        if not line.strip() or (_is_comment(line) and _indent(line) <= indent):
            continue  # What follows says whether it is inside.
        inside = _indent(line) > indent or (
            not is_item and _indent(line) == indent and line.lstrip().startswith("- ")
        )
        if not inside:
            break
        end = number + 1
    return range(start, end)


def lost_comments(before: str, after: str) -> Iterator[tuple[int, str]]:
    """The comments of a YAML text that another has not, one for each run of lines, with its first line."""
    left = Counter(comment for _, comment in _comments(after))
    runs: list[tuple[int, list[str]]] = []
    last = 0
    for line, comment in _comments(before):
        if left[comment]:
            left[comment] -= 1
            continue
        if runs and line <= last + 1:
            runs[-1][1].append(comment)
        else:
            runs.append((line, [comment]))
        last = line
    return ((line, " ".join(comments)) for line, comments in runs)


def line_end(text: str) -> str:
    """How the text ends its lines."""
    return "\r\n" if "\r\n" in text else "\n"


def _first_comment(lines: list[str], start: int) -> int:
    indent = _indent(lines[start])
    while start and _is_comment(lines[start - 1]) and _indent(lines[start - 1]) == indent:
        start -= 1
    return start


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Every comment and its line: what is neither blank nor part of a token."""
    text = text.removeprefix("\ufeff")
    end = 0
    for token in yaml.scan(text, Loader=_LOADER):
        start = token.start_mark.index
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            # A comment may stand behind the sign.
            start = text.find("\n", start)
        for comment in re.finditer(r"#[^\r\n]*", text[end:start]):
            yield text.count("\n", 0, end + comment.start()) + 1, comment[0].rstrip()
        end = max(end, token.end_mark.index)


def _last_first(path: Path) -> tuple[tuple[bool, str | int], ...]:
    return tuple((isinstance(step, int), step) for step in path)


def _delete(value: Any, path: Path) -> None:  # noqa: ANN401 - mappings and lists by turns, as the path says
    for step in path[:-1]:
        value = value[step]
    del value[path[-1]]


def _or_empty(value: object) -> object:
    return value or {}


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))

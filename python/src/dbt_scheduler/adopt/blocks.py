"""Edits YAML text without reformatting: removes and inserts block entries."""

import copy
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from dbt_scheduler.config.yaml import Document, Path, parse_yaml

# The loader of config/yaml/reader.py, which accepts all documents: the pure Python one rejects some tabs.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(text: str) -> Document | None:
    """Parse the document; None if it is not valid YAML or has a duplicate key."""
    document, findings = parse_yaml(text.removeprefix("\ufeff"), "")
    return None if findings else document


def lines_of(text: str) -> list[str]:
    """The lines of a text with their line ends; only a line feed ends a line, as in a patch."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def cut(text: str, paths: Iterable[Path]) -> str | None:
    """Remove these keys and list items; None if cutting lines would change anything else.

    The comment lines directly above an entry, with its indentation, are removed too.
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
    """The lines (from 0) of a block-style key or list item; None for one in ``{}`` or ``[]``."""
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
            continue  # The next token tells whether it is inside.
        inside = _indent(line) > indent or (
            not is_item and _indent(line) == indent and line.lstrip().startswith("- ")
        )
        if not inside:
            break
        end = number + 1
    return range(start, end)


def lost_comments(before: str, after: str) -> Iterator[tuple[int, str]]:
    """The comments that another YAML text lacks, one for each run of lines, with its first line."""
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
    """The line end that the text uses."""
    return "\r\n" if "\r\n" in text else "\n"


def _first_comment(lines: list[str], start: int) -> int:
    indent = _indent(lines[start])
    while start and _is_comment(lines[start - 1]) and _indent(lines[start - 1]) == indent:
        start -= 1
    return start


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Every comment and its line: all non-blank text outside tokens."""
    text = text.removeprefix("\ufeff")
    end = 0
    for token in yaml.scan(text, Loader=_LOADER):
        start = token.start_mark.index
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            # A comment may follow the indicator.
            start = text.find("\n", start)
        for comment in re.finditer(r"#[^\r\n]*", text[end:start]):
            yield text.count("\n", 0, end + comment.start()) + 1, comment[0].rstrip()
        end = max(end, token.end_mark.index)


def _last_first(path: Path) -> tuple[tuple[bool, str | int], ...]:
    return tuple((isinstance(step, int), step) for step in path)


def _delete(value: Any, path: Path) -> None:  # noqa: ANN401 - nested mappings and lists
    for step in path[:-1]:
        value = value[step]
    del value[path[-1]]


def _or_empty(value: object) -> object:
    return value or {}


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))

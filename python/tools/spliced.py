"""Inserts generated parts into files that are otherwise hand-written, without changing any other byte."""

import json
from collections.abc import Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

_WIDTH = 118


def with_value(text: str, path: Sequence[str], value: object) -> str:
    """A JSON document with the value at this path of keys replaced; LookupError if a key is missing."""
    start, indent = 0, 0
    for key in path:
        start, indent = _value_of(text, start, key)
    _, end = json.JSONDecoder().raw_decode(text, start)
    return text[:start] + formatted(value, indent, start - text.rfind("\n", 0, start) - 1) + text[end:]


def formatted(value: Any, indent: int = 0, column: int = 0) -> str:  # noqa: ANN401 - JSON
    """JSON on one line if it fits, or else with each part on its own line."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or column + len(flat) < _WIDTH:
        return flat
    inner = indent + 2
    if isinstance(value, dict):
        keys = [f"{json.dumps(key)}: " for key in value]
        parts = [k + formatted(v, inner, inner + len(k)) for k, v in zip(keys, value.values(), strict=True)]
    else:
        parts = [formatted(each, inner, inner) for each in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    lines = (",\n" + " " * inner).join(parts)
    return f"{opening}\n{' ' * inner}{lines}\n{' ' * indent}{closing}"


def between(text: str, name: str, content: str) -> str:
    """A document with the lines between ``generated: name`` and the next ``generated: end`` replaced.

    LookupError unless exactly one line has ``generated: name``.
    """
    lines = text.splitlines(keepends=True)
    starts = [at for at, line in enumerate(lines) if f"generated: {name}" in line]
    if len(starts) != 1:
        raise LookupError(f"{len(starts)} lines say generated: {name}")
    end = next(at for at in range(starts[0] + 1, len(lines)) if "generated: end" in lines[at])
    return "".join([*lines[: starts[0] + 1], content, *lines[end:]])


def _value_of(text: str, start: int, wanted: str) -> tuple[int, int]:
    """The position of a key's value in the object at ``start``, and the indentation of its line."""
    decoder = json.JSONDecoder()
    at = _skip(text, start + 1)
    while text[at] == '"':
        line = text.rfind("\n", 0, at) + 1
        indent = len(text[line:at]) - len(text[line:at].lstrip())
        key, at = scanstring(text, at + 1)
        at = _skip(text, at)
        if key == wanted:
            return at, indent
        _, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
    raise LookupError(wanted)


def _skip(text: str, at: int) -> int:
    while text[at] in " \n,:":
        at += 1
    return at

"""Iterates over a JSON Schema."""

from collections.abc import Iterator
from typing import Any

_IN_PLACE = ("properties", "$defs")


def documented(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of a value that a person or a program writes."""
    yield path, node
    for keyword in _IN_PLACE:
        for name, child in node.get(keyword, {}).items():
            yield from documented(child, f"{path}/{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(node.get(keyword), dict):
            yield from documented(node[keyword], f"{path}/{keyword}")

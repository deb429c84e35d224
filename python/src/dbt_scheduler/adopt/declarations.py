"""Reads and removes the declarations of source tables in a project's YAML."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache

import msgspec

from dbt_scheduler.adopt.blocks import cut, parse
from dbt_scheduler.adopt.calls import Pair
from dbt_scheduler.config.yaml import Document, Path

_SAID_ANEW = {"name", "identifier", "quoting"}
_CARRIED = {"name", "database", "schema", "quoting", "tables"}

_EMPTY = re.compile(r"\s*(version:\s*2)?\s*")


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration of one table: the ``schema`` and ``database`` of its source, and the table's other keys.

    ``inherited`` are the source's keys that also apply to its tables.
    """

    pair: Pair
    path: Path
    line: int
    schema: str | None
    database: str | None
    identifier: str | None
    keys: dict[str, object]
    inherited: tuple[str, ...]


@cache
def find_declarations(text: str) -> Mapping[Pair, Declaration]:
    """The source tables that a file declares, by source and table; empty if it is not valid YAML."""
    document = parse(text)
    return {found.pair: found for found in _declarations(document)} if document else {}


def without_tables(text: str, pairs: Collection[Pair]) -> str | None:
    """Remove these tables, and sources without remaining tables; None if that is not safe.

    Returns an empty text if only a version remains.
    """
    document = parse(text)
    if document is None or not find_declarations(text).keys() >= set(pairs):
        return None
    tables: dict[int, list[tuple[Path, bool]]] = defaultdict(list)
    for found in _declarations(document):
        tables[int(found.path[1])].append((found.path, found.pair in pairs))
    paths: list[Path] = []
    for index, entries in tables.items():
        gone = [path for path, goes in entries if goes]
        paths += [("sources", index)] if len(gone) == len(entries) else gone
    whole = [path for path in paths if len(path) == len(("sources", 0))]
    if len(whole) == len(_entries(document.value, "sources")):
        paths = [("sources",)]
    rest = cut(text, paths)
    return "" if rest is not None and _EMPTY.fullmatch(rest) else rest


def _declarations(document: Document) -> Iterator[Declaration]:
    for index, source in _entries(document.value, "sources"):
        for number, table in _entries(source, "tables"):
            path = ("sources", index, "tables", number)
            yield Declaration(
                pair=(str(source.get("name")), str(table.get("name"))),
                path=path,
                line=document.line(path),
                schema=_text(source, "schema"),
                database=_text(source, "database"),
                identifier=_text(table, "identifier"),
                keys={key: value for key, value in table.items() if key not in _SAID_ANEW},
                inherited=tuple(key for key in source if key not in _CARRIED),
            )


def _entries(value: object, key: str) -> list[tuple[int, dict[str, object]]]:
    """The mappings in the list under a key, with their positions; dbt itself rejects anything else."""
    listed = value.get(key) if isinstance(value, dict) else None
    numbered = enumerate(listed) if isinstance(listed, list) else ()
    return [(number, entry) for number, entry in numbered if isinstance(entry, dict)]


def _text(value: dict[str, object], key: str) -> str | None:
    found = value.get(key)
    return None if found is None else str(found)

"""Builds the YAML file that declares other teams' assets as source tables."""

import sys
from collections.abc import Iterable
from typing import Any

import msgspec
import yaml

_HEAD = "# Other teams' tables that this project reads, as proposed by `dbt-scheduler adopt`.\n"


class GlobalTable(msgspec.Struct, frozen=True, kw_only=True):
    """An asset as a source table: its location, as dbt expressions, and its earlier description."""

    team: str
    asset: str
    schema: str | None
    database: str | None
    identifier: str | None
    quoting: dict[str, bool] = {}
    keys: dict[str, object] = {}


def render_global_sources(tables: Iterable[GlobalTable]) -> str:
    """One source per team and schema: dbt allows duplicate source names if their tables differ."""
    sources: dict[tuple[str, str, str], dict[str, Any]] = {}
    for table in sorted(
        tables, key=lambda table: (table.team, table.database or "", table.schema or "", table.asset)
    ):
        place = {"database": table.database, "schema": table.schema}
        said = {key: value for key, value in place.items() if value is not None}
        key = (table.team, table.database or "", table.schema or "")
        source = sources.setdefault(key, {"name": table.team, **said, "tables": []})
        entry: dict[str, object] = {"name": table.asset}
        if table.identifier is not None:
            entry["identifier"] = table.identifier
        if table.quoting:
            entry["quoting"] = table.quoting
        source["tables"].append(entry | table.keys)
    return _HEAD + _dump({"sources": list(sources.values())})


def _dump(value: object) -> str:
    text: str = yaml.dump(value, Dumper=_Indented, sort_keys=False, allow_unicode=True, width=sys.maxsize)
    return text


class _Indented(yaml.SafeDumper):
    """The usual style: indented list items and no anchors."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        style = "|" if "\n" in data else '"' if "'" in data and '"' not in data else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Indented.add_representer(str, _Indented.represent_str)

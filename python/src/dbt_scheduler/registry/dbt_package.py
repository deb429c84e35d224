"""Writes the registry and the platform's pipelines as a dbt package, for the checks of the macros."""

import re
from collections.abc import Collection
from pathlib import Path

import msgspec

from dbt_scheduler.files import write_atomically
from dbt_scheduler.findings.printable import one_line
from dbt_scheduler.registry.directory import Directory, Retired, retired_assets
from dbt_scheduler.registry.store import RegistryContents

_PROJECT = """\
name: dbt_scheduler_registry
version: "1.0.0"
config-version: 2
# Written by `dbt-scheduler registry export`: the asset registry, for the checks in dbt.
"""


class _Known(msgspec.Struct, frozen=True):
    team: str
    exposed: bool


class _Team(msgspec.Struct, frozen=True):
    channel: str | None
    project: str | None


class _Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    format_version: int = 1
    team: str | None
    pipelines: tuple[str, ...]
    teams: dict[str, _Team]
    assets: dict[str, tuple[_Known, ...]]
    retired: Retired
    unreadable: tuple[str, ...]


def write_dbt_package(
    folder: Path, reading: RegistryContents, pipelines: Collection[str], team: str | None
) -> None:
    """Write the package for the project of ``team``; None if its name is unknown.

    The macros do not report assets that an unreadable team may produce. dbt prints texts of other teams unchanged, so
    each is limited to one line.

    Raises:
        OSError: the folder cannot be written.

    """
    directory = Directory(reading.entries)
    snapshot = _Snapshot(
        team=team,
        pipelines=tuple(sorted(pipelines)),
        teams={
            name: _Team(_printable(entry.contact.channel), _printable(entry.project_name))
            for name, entry in directory.entries.items()
        },
        assets={
            one_line(name): tuple(
                _Known(key.team, directory.produced(key).exposed) for key in directory.named(name)
            )
            for name in sorted(directory.names())
        },
        retired={one_line(n): teams for n, teams in retired_assets(directory.entries, directory).items()},
        unreadable=tuple(sorted(reading.unreadable)),
    )
    macro = (
        "{% macro snapshot() %}{% set snapshot %}"
        + _json(snapshot)
        + "{% endset %}{{ return(fromjson(snapshot)) }}{% endmacro %}\n"
    )
    write_atomically(folder / "dbt_project.yml", _PROJECT.encode())
    write_atomically(folder / "macros" / "snapshot.sql", macro.encode())


def _printable(text: str | None) -> str | None:
    return None if text is None else one_line(text)


def _json(snapshot: _Snapshot) -> str:
    """JSON without Jinja delimiters: { before %, { or # is escaped."""
    text = msgspec.json.encode(snapshot, order="sorted").decode()
    return re.sub(r"\{(?=[%{#])", r"\\u007b", text)

"""Parses a dbt project, and records which files it consists of."""

import glob
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dbt.cli.main import dbtRunner
from dbt.config.runtime import RuntimeConfig, load_profile, load_project
from dbt.contracts.graph.manifest import Manifest
from dbt.flags import get_flags
from dbt.parser.manifest import extended_mashumaro_encoder, extended_mashumuro_decoder

from dbt_scheduler.dbt.origin import checksums, list_files, note_of

INTERVAL = ("DBT_SCHEDULER_DATA_INTERVAL_START", "DBT_SCHEDULER_DATA_INTERVAL_END")
"""These differ in each run: the project is parsed with two sets of values, and the results must be equal."""

_INTERVALS = ("2001-02-03T04:05:06+00:00", "2019-08-17T16:15:14+00:00")

_FILES = (
    *("dbt_project.yml", "packages.yml", "dependencies.yml", "package-lock.yml", "selectors.yml"),
    *("catalogs.yml", ".dbtignore"),
)


class Parsed(NamedTuple):
    """A parsed project: dbt's manifest and config, and the manifest as plain data."""

    manifest: Manifest
    config: RuntimeConfig
    data: dict[str, Any]


class Files(NamedTuple):
    """The places of a project, their files, and this machine's file metadata."""

    places: list[str]
    checksums: dict[str, str]
    note: dict[str, Any]


class NotParsedError(Exception):
    """dbt has already printed the error."""


def parse(arguments: list[str], project: Path) -> tuple[Parsed, Files]:
    """Parse, and repeat while files are being written: the recorded files must be those that dbt read.

    Raises:
        NotParsedError: dbt cannot parse the project.

    """
    before = None
    while True:
        now = int(time.time())
        parsed = _parse_once(arguments, _INTERVALS[0])
        places = sorted(set(_places(parsed.config, project)))
        listed = list_files(project, places)
        files = Files(places, checksums(project, listed), note_of(listed, now))
        if not files.note["recent"] or files.checksums == before:
            return parsed, files
        before = files.checksums


def _parse_once(arguments: list[str], moment: str) -> Parsed:
    before = {name: os.environ.get(name) for name in INTERVAL}
    os.environ.update(dict.fromkeys(INTERVAL, moment))
    try:
        done = dbtRunner().invoke(arguments)
        if not done.success:
            if done.exception:
                sys.stderr.write(f"{done.exception}\n")
            raise NotParsedError
        flags: Any = get_flags()
        profile = load_profile(flags.PROJECT_DIR, flags.VARS, flags.PROFILE, flags.TARGET, None)
        root = load_project(flags.PROJECT_DIR, flags.VERSION_CHECK, profile, flags.VARS)
        config = RuntimeConfig.from_parts(root, profile, flags)
        config.load_dependencies()
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            os.environ.update({name: value} if value is not None else {})
    manifest: Any = done.result
    data: dict[str, Any] = extended_mashumuro_decoder(manifest.to_msgpack(extended_mashumaro_encoder))
    data.setdefault("functions", {})  # missing before dbt 1.11
    return Parsed(manifest, config, data)


def varying_nodes(arguments: list[str], parsed: Parsed) -> frozenset[str]:
    """The nodes, sources and functions that depend on the data interval, by unique_id."""
    if not any(name in parsed.data["env_vars"] for name in INTERVAL):
        return frozenset()
    other = _parse_once(arguments, _INTERVALS[1])
    return frozenset(
        unique_id
        for section in ("nodes", "sources", "functions")
        for unique_id, resource in parsed.data[section].items()
        if {**resource, "created_at": 0} != {**other.data[section].get(unique_id, {}), "created_at": 0}
    )


def _places(config: RuntimeConfig, project: Path) -> Iterator[str]:
    """The folders and files of the project and its packages, relative to it, without the packages of dbt itself."""
    installed = glob.escape(os.path.relpath(project / config.packages_install_path, project))
    yield f"{installed}/*/dbt_project.yml"  # also of packages that are not installed yet
    for package in (config.dependencies or {}).values():
        root = Path(package.project_root)
        if _is_dbts_own(root):
            continue
        for path in (*package.all_source_paths, *package.docs_paths, *_FILES):
            yield os.path.relpath(root / path, project)


def _is_dbts_own(root: Path) -> bool:
    import dbt.include  # noqa: PLC0415 - a namespace that adapters extend

    return any(
        root.is_relative_to(Path(each).resolve()) or root.is_relative_to(each)
        for each in dbt.include.__path__
    )

"""Builds teams for tests: a manifest and a ``scheduler.yaml`` from only the relevant settings."""

import json
from pathlib import Path
from typing import Any

from dbt_scheduler.checks import check
from dbt_scheduler.compiler.specs import compile_team
from dbt_scheduler.config.platform import load_platform
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.graph.workspace import Team, Workspace, build_workspace, load_projects
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.spec import DagSpec, Sensor, Task

PLATFORM = """\
version: 1
pipelines:
  hourly: {cron: "5 * * * *", grain: hour, start_date: 2025-01-01}
  daily: {cron: "10 0 * * *", grain: day, start_date: 2025-01-01}
  weekly: {cron: "30 0 * * 1", grain: week, start_date: 2025-01-06}
"""

Item = tuple[str, dict[str, Any]]
"""A part of the manifest and the entry to add to it."""


def node(name: str, *reads: str, **words: Any) -> Item:
    """A model, or another ``kind`` of node, that reads others by name (``source.table`` for sources).

    Arguments that are not fields of a dbt node become keys of its ``meta.scheduler``: ``pipelines=["daily"]``.
    """
    kind, package = words.pop("kind", "model"), words.pop("package", "shop")
    folder, version = words.pop("folder", "marts"), words.pop("version", None)
    file = words.pop("file", None) or f"{name}.sql"
    path = f"{folder}/{file}" if folder else file
    meta = words.pop("meta", {})
    config = {
        "materialized": words.pop("materialized", {"model": "table"}.get(kind, kind)),
        "incremental_strategy": words.pop("incremental_strategy", None),
    }
    last = [name] if version is None else [name, f"v{version}"]
    entry = {
        "unique_id": ".".join([kind, package, *last]),
        "name": name,
        "resource_type": kind,
        "package_name": package,
        "path": path,
        "original_file_path": f"{kind}s/{path}",
        "fqn": words.pop("fqn", None) or [package, *filter(None, folder.split("/")), *last],
        "version": version,
        "depends_on": {"macros": [], "nodes": [*map(_unique_id, reads)]},
        "database": "warehouse",
        "schema": "main",
        "alias": "_".join(last),
        "columns": {},
    }
    entry |= {key: words.pop(key) for key in _FIELDS & words.keys()}
    entry["config"] = {**config, "meta": {"scheduler": words, **meta} if words else meta}
    return "nodes", entry


_FIELDS = {"patch_path", "description", "alias", "schema", "database", "latest_version", "columns", "tags"}


def external(full_name: str, *reads: str, version: str | None = None, **words: Any) -> Item:
    """Another project's model, written ``project.model``, as dbt-loom adds it to a manifest."""
    package, _, name = full_name.partition(".")
    part, entry = node(name, *reads, package=package, version=version, **words)
    return part, entry | {"path": "", "original_file_path": ""}


def seed(name: str, **words: Any) -> Item:
    return node(name, kind="seed", **{"folder": "", "file": f"{name}.csv", **words})


def function(name: str, *reads: str, **words: Any) -> Item:
    """A function (UDF); nodes read it as ``function.shop.name``."""
    return "functions", node(name, *reads, kind="function", **{"folder": "", **words})[1]


def ephemeral(name: str, *reads: str, **words: Any) -> Item:
    return node(name, *reads, materialized="ephemeral", **words)


def data_test(name: str, *reads: str) -> Item:
    return node(name, *reads, kind="test", folder="marts")


def source(full_name: str, *, file: str = "models/sources.yml", meta: Any = None, **fields: Any) -> Item:
    """A source table, written ``source.table``."""
    source_name, _, name = full_name.partition(".")
    entry = {
        "unique_id": f"source.shop.{full_name}",
        "source_name": source_name,
        "name": name,
        "original_file_path": file,
        "package_name": "shop",
        "identifier": name,
        "database": "warehouse",
        "schema": source_name,
        "meta": {},
        "config": {"meta": {"scheduler": meta} if meta else {}},
    }
    return "sources", entry | fields


def manifest(
    *items: Item,
    version: int = 12,
    macros: tuple[str, ...] | dict[str, Any] = (),
    project: str = "shop",
    **parts: Any,
) -> dict[str, Any]:
    """A manifest with these entries; ``macros`` are names, or entries by unique id."""
    document: dict[str, Any] = {
        "metadata": {
            "dbt_schema_version": f"https://schemas.getdbt.com/dbt/manifest/v{version}.json",
            "dbt_version": "1.11.0",
            "project_name": project,
        },
        "nodes": {},
        "sources": {},
        "functions": {},
        "macros": macros
        if isinstance(macros, dict)
        else {f"macro.shop.{name}": {"name": name} for name in macros},
        "disabled": {},
    }
    for part, entry in items:
        document[part][entry["unique_id"]] = entry
    return document | parts


class World:
    """A folder with a platform and teams, for the commands."""

    def __init__(self, root: Path, platform: str = PLATFORM) -> None:
        self.root = root
        self.registry: dict[str, Entry] = {}
        self.unreadable: set[str] = set()
        self._folders: dict[str, Path] = {}
        (root / "platform.yaml").write_text(platform)

    def team(self, name: str, *items: Item, text: str = "", folder: str = "", **parts: Any) -> Path:
        """Add a team with the dbt project ``shop`` (or ``project``), and further keys of its ``scheduler.yaml`` as text."""
        path = self.root / (folder or name)
        (path / "target").mkdir(parents=True, exist_ok=True)
        (path / "dbt_project.yml").write_text("name: shop\n")
        (path / "scheduler.yaml").write_text(f"version: 0.17\nteam: {name}\n{text}")
        (path / "target" / "manifest.json").write_text(json.dumps(manifest(*items, **parts)))
        self._folders[folder or name] = path
        return path

    def adopt(self, project: Path) -> None:
        """Add a team whose dbt project exists on disk, already compiled or built."""
        self._folders[project.name] = project

    def file(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def open(self) -> Workspace:
        platform, findings = load_platform(self.root / "platform.yaml")
        assert platform is not None, findings
        loaded = load_projects(self._folders.values(), platform)
        return build_workspace(loaded, platform, self.registry, self.unreadable)

    def look(self, name: str = "shop") -> Team:
        return next(team for team in self.open().teams if team.project.team == name)

    def findings(self, *codes: str) -> list[str]:
        """The findings of ``check``, only those with these codes if there are any."""
        found = [finding for finding in check(self.open()) if not codes or finding.code in codes]
        return [self.shown(finding) for finding in found]

    def shown(self, finding: Finding) -> str:
        place = finding.place.replace(f"{self.root}/", "")
        hint = f" | {finding.hint}" if finding.hint else ""
        return f"{place}: {finding.code} {finding.message}{hint}"

    def specs(self) -> dict[str, DagSpec]:
        workspace = self.open()
        compiled = [compile_team(team, workspace, f"../{team.project.team}") for team in workspace.teams]
        return {spec.dag_id: spec for each in compiled for spec in each.specs}

    def spec(self, dag_id: str) -> DagSpec:
        return self.specs()[dag_id]


def tasks(spec: DagSpec) -> dict[str, Task]:
    return {task.task_id: task for task in spec.tasks}


def sensors(spec: DagSpec) -> dict[str, Sensor]:
    return {sensor.task_id: sensor for sensor in spec.sensors}


def edges(spec: DagSpec) -> dict[str, tuple[str, ...]]:
    """The direct upstream tasks of each task."""
    return {task.task_id: task.upstream for task in spec.tasks}


def _unique_id(name: str) -> str:
    if name.count(".") > 1 or name.startswith("task."):
        return name
    return f"source.shop.{name}" if "." in name else f"model.shop.{name}"

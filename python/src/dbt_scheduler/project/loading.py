"""Loads a team's folder as a Project, with the findings of its files."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from dbt_scheduler.config.team import load_team_config
from dbt_scheduler.config.types import TeamConfig
from dbt_scheduler.config.yaml import Document, load_yaml
from dbt_scheduler.findings.catalogue.assets import SCH314
from dbt_scheduler.findings.catalogue.inputs import SCH408, SCH417
from dbt_scheduler.findings.catalogue.tasks import SCH227
from dbt_scheduler.findings.finding import CannotRunError, Finding
from dbt_scheduler.project.dbt_flags import strict_warnings
from dbt_scheduler.project.declared_tasks import DeclaredTasks, Scope, declare_tasks
from dbt_scheduler.project.hooks import read_hooks
from dbt_scheduler.project.locations import task_location
from dbt_scheduler.project.manifest import Manifest, Node
from dbt_scheduler.project.manifest_file import load_manifest
from dbt_scheduler.project.meta_keys import ignored_keys
from dbt_scheduler.project.names import index_names
from dbt_scheduler.project.node_settings import read_settings
from dbt_scheduler.project.settings_findings import SettingsFindings
from dbt_scheduler.project.types import (
    Project,
    ProjectTask,
    Table,
    external_table,
    is_external,
    latest_assets,
    node_task,
    source_table,
)
from dbt_scheduler.registry.encoding import is_team


class LoadedProject(msgspec.Struct, frozen=True):
    """A project and the findings of its own files."""

    project: Project
    findings: tuple[Finding, ...]


def load_project(
    folder: Path, pipelines: Collection[str], manifest_file: Path | None = None
) -> LoadedProject:
    """Read a team's ``scheduler.yaml`` and manifest (default: ``target/manifest.json``).

    Raises:
        CannotRunError: the folder is not a dbt project, a file cannot be read, or the team's name is not valid.

    """
    require_dbt_project(folder)
    config, findings = _team_config(folder)
    path = manifest_file or folder / "target" / "manifest.json"
    manifest = load_manifest(path)
    reading = _ProjectReader(folder, manifest, frozenset(pipelines))
    project = _with_valid_team(reading.project(config), folder / "scheduler.yaml")
    return LoadedProject(project, (*findings, *reading.findings, *ignored_keys(project)))


def require_dbt_project(folder: Path) -> None:
    """Raise CannotRunError if the folder is no dbt project."""
    path = folder / "dbt_project.yml"
    if not path.is_file():
        problem = (
            f"{path.name} is not a file" if os.path.lexists(path) else f"no {path.name} found in this folder"
        )
        raise CannotRunError.because(
            SCH408.at(str(folder), problem=problem, hint=_where_projects_are(folder))
        )


def _where_projects_are(folder: Path) -> str:
    if not folder.is_dir():
        return "this folder does not exist: check the path"
    found = sorted(str(each.parent) for each in folder.glob("*/dbt_project.yml"))
    return f"specify the folder that contains dbt_project.yml{f', for example {found[0]}' if found else ''}"


def load_bare_manifest(manifest_file: Path, pipelines: Collection[str]) -> LoadedProject:
    """Load a team from its manifest alone: its name is that of the dbt project, and it has no ``scheduler.yaml``.

    Raises:
        CannotRunError: the manifest cannot be read, or the project's name is not valid for a team.

    """
    reading = _ProjectReader(manifest_file.parent, load_manifest(manifest_file), frozenset(pipelines))
    project = _with_valid_team(reading.project(TeamConfig()), manifest_file)
    return LoadedProject(project, tuple(reading.findings))


def _with_valid_team(project: Project, location: Path) -> Project:
    """The project; CannotRunError if its name is not valid in file names and dag_ids, unlike in dbt."""
    if not is_team(project.team):
        raise CannotRunError.because(SCH417.at(str(location), subject=project.team, team=project.team))
    return project


def _team_config(folder: Path) -> tuple[TeamConfig, tuple[Finding, ...]]:
    """The config of ``scheduler.yaml``, or the defaults if there is none; CannotRunError if it cannot be read."""
    path, misnamed = folder / "scheduler.yaml", folder / "scheduler.yml"
    there = os.path.lexists(path)
    ignored: tuple[Finding, ...] = ()
    if os.path.lexists(misnamed):
        hint = "move its contents to scheduler.yaml, and delete it" if there else None
        ignored = (SCH227.at(str(misnamed), hint=hint),)
    if not there:
        return TeamConfig(), ignored
    config, findings = load_team_config(path)
    if config is None:
        raise CannotRunError((*findings, *ignored))
    return config, (*findings, *ignored)


class _ProjectReader:
    """Makes a Project of a manifest, and collects its findings."""

    def __init__(self, folder: Path, manifest: Manifest, pipelines: frozenset[str]) -> None:
        self.findings: list[Finding] = []
        self._folder = folder
        self._dbt_project = _dbt_project(folder)
        self._manifest = manifest
        self._pipelines = pipelines
        self._settings = SettingsFindings(folder, pipelines)

    def project(self, config: TeamConfig) -> Project:
        manifest = self._manifest
        runs = config.dbt_settings.enabled
        # dbt does not guarantee the order of nodes in a manifest.
        built = {id_: node for id_, node in sorted(manifest.nodes.items()) if node.runs}
        nodes = {
            id_: self._node_task(node, runs=runs) for id_, node in built.items() if not is_external(node)
        }
        self.findings += self._settings
        tables = {id_: source_table(source) for id_, source in sorted(manifest.sources.items())}
        externals = {id_: external_table(node) for id_, node in built.items() if is_external(node)}
        latest = dict(latest_assets(task.node for task in nodes.values() if task.node))
        declared = declare_tasks(config, self._scope(nodes, tables | externals, latest))
        self.findings += declared.findings
        tasks = nodes | {task.id: task for task in declared.tasks}
        team = config.team or manifest.metadata.project_name or _name(self._dbt_project) or ""
        return Project(
            team=team,
            dag_prefix=config.dag_prefix or team,
            folder=self._folder,
            config=config,
            manifest=manifest,
            tasks=tasks,
            tables=tables | _read_externals(externals, tasks.values()),
            tests=tuple(node for node in manifest.nodes.values() if node.resource_type == "test"),
            makers=declared.makers,
            table_assets=declared.table_assets,
            assets=self._assets(nodes.values(), declared),
            latest=latest,
            misassigned=frozenset(self._settings.misassigned),
            strict_warnings=strict_warnings(self._dbt_project),
            hooks=read_hooks(self._dbt_project, manifest),
        )

    def _node_task(self, node: Node, *, runs: bool) -> ProjectTask:
        settings, problems = read_settings(self._meta(node))
        for problem in problems:
            self._settings.invalid(node, problem)
        if unknown := [each for each in settings.pipelines if each not in self._pipelines]:
            for pipeline in unknown:
                self._settings.unknown_pipeline(node, pipeline)
            known = tuple(each for each in settings.pipelines if each in self._pipelines)
            settings = msgspec.structs.replace(settings, pipelines=known)
        return node_task(node, settings, runs=runs)

    def _meta(self, node: Node) -> dict[str, object]:
        """A node's ``meta``; of a package's node without defaults, which dbt may apply to packages as well."""
        own, meta = self._manifest.metadata.project_name, node.config.meta
        if own is None or node.package_name == own:
            return meta
        return {key: value for key, value in meta.items() if key != "scheduler_defaults"}

    def _scope(
        self, nodes: dict[str, ProjectTask], tables: dict[str, Table], latest: dict[str, str]
    ) -> Scope:
        disabled = self._manifest.disabled or {}
        return Scope(
            file=str(self._folder / "scheduler.yaml"),
            names=index_names(nodes, tables.values(), latest),
            pipelines=self._pipelines,
            disabled=frozenset(node.name for versions in disabled.values() for node in versions),
            nodes=nodes,
        )

    def _assets(self, nodes: Iterable[ProjectTask], declared: DeclaredTasks) -> dict[str, str]:
        """The task of each asset; if two scheduled tasks have the same asset name, the first one, with a finding."""
        claims: dict[str, list[ProjectTask]] = defaultdict(list)
        for task in (*nodes, *declared.tasks):
            for asset in task.assets:
                claims[asset].append(task)
        assets = {}
        for asset, tasks in claims.items():
            tasks.sort(key=lambda task: not task.pipelines)
            assets[asset] = tasks[0].id
            if len(tasks) > 1 and tasks[1].pipelines:
                location = task_location(self._folder, tasks[1])
                words = {"asset": asset, "first": tasks[0].id, "second": tasks[1].id}
                hint = self._package_hint(tasks)
                self.findings.append(SCH314.at(*location, subject=asset, hint=hint, **words))
        return assets

    def _package_hint(self, tasks: Iterable[ProjectTask]) -> str | None:
        """The hint of SCH314 for a package's node, which the team cannot rename."""
        own = self._manifest.metadata.project_name
        packages = [task.node.package_name for task in tasks if task.node and task.node.package_name != own]
        return (
            f"in dbt_project.yml, remove the pipelines of the node in package {packages[0]}"
            if packages
            else None
        )


def _read_externals(externals: dict[str, Table], tasks: Iterable[ProjectTask]) -> dict[str, Table]:
    """The models of other projects that a task reads, each with the first such task.

    dbt-loom adds the other models of those projects to the manifest as well.
    """
    readers: dict[str, ProjectTask] = {}
    for task in tasks if externals else ():
        for parent in task.parents:
            readers.setdefault(parent, task)
    return {
        id_: msgspec.structs.replace(table, reader=readers[id_])
        for id_, table in externals.items()
        if id_ in readers
    }


def team_name(folder: Path) -> str | None:
    """The team's name in a folder's files, without a manifest; None if they have no name."""
    config = load_team_config(folder / "scheduler.yaml")[0] if (folder / "scheduler.yaml").is_file() else None
    return (config.team if config else None) or _name(_dbt_project(folder))


def _dbt_project(folder: Path) -> Document | None:
    return load_yaml(folder / "dbt_project.yml")[0]


def _name(dbt_project: Document | None) -> str | None:
    """The project's name in ``dbt_project.yml``."""
    return dbt_project.text(("name",)) if dbt_project else None

"""A team's project: its manifest and its ``scheduler.yaml``, without other teams."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from dbt_scheduler.config.types import TaskConfig, TeamConfig
from dbt_scheduler.project.hooks import Hook
from dbt_scheduler.project.manifest import Column, Manifest, Node, Source
from dbt_scheduler.project.node_settings import NodeSettings
from dbt_scheduler.registry.relation import Relation

GLOBAL_ASSETS = "global_assets"
"""The source name, and the folder name, that mark a source table as another team's asset."""


class DependencyKind(StrEnum):
    """How a task depends on an asset that another DAG produces."""

    HARD = "hard"
    SOFT = "soft"
    NO_WAIT = "no_wait"


class ProjectTask(msgspec.Struct, frozen=True, kw_only=True):
    """Something that builds tables: a dbt node, or a task declared in ``scheduler.yaml``.

    A task without ``pipelines`` is not scheduled; lineage passes through it. ``parents`` are ids of tasks
    and of source tables, ``settings`` the keys of the places where its kind runs.
    """

    id: str
    name: str
    group: str | None
    pipelines: tuple[str, ...]
    parents: tuple[str, ...]
    assets: tuple[str, ...]
    owners: tuple[str, ...] = ()
    retries: int | None = None
    timeout_seconds: int | None = None
    queue: str | None = None
    pool: str | None = None
    priority: int | None = None
    settings: dict[str, object] = {}
    dependencies: dict[str, DependencyKind] = {}
    node: Node | None = None
    declaration: TaskConfig | None = None

    @property
    def kind(self) -> str:
        """The task kind: ``dbt`` for nodes."""
        return self.declaration.kind if self.declaration else "dbt"

    @property
    def has_several_writers(self) -> bool:
        """Whether tasks in several DAGs write its table."""
        return len(self.pipelines) > 1 and bool(self.assets)


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A source table: filled by a declared task, another team's (``is_global``), or loaded outside the platform.

    ``team`` is the team that a global table names; None means whichever team produces an asset of that name.
    ``own_table``: the source refers to a table of this project on purpose. ``event_time`` is the column by which
    dbt filters the table for microbatch models. Another project's model (``external``) is treated as a global table:
    its source is the package, and ``reader`` is the first task that refs it.
    """

    id: str
    source_name: str
    name: str
    file: str
    relation: Relation
    columns: dict[str, Column] = {}
    description: str = ""
    tags: tuple[str, ...] = ()
    event_time: object = None
    is_global: bool
    own_table: bool = False
    team: str | None = None
    external: Node | None = None
    reader: ProjectTask | None = None

    @property
    def full_name(self) -> str:
        """The arguments of ``source("shipping", "fct_shipments")``, joined by a dot."""
        return f"{self.source_name}.{self.name}"

    @property
    def names(self) -> tuple[str, ...]:
        """Its names: with and without its source, and of a model's latest version also without the version."""
        model = self.external
        if model is None or not _is_latest(model):
            return (self.name, self.full_name)
        return (self.name, self.full_name, model.name, f"{model.package_name}.{model.name}")


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A team, as far as its own files define it.

    ``makers`` maps a source table's id to the declared task that fills it, and ``table_assets`` maps it to that
    table's asset. ``assets`` maps an asset's name to the task that produces it, and ``latest`` maps the name of a
    versioned model to the asset of its latest version. ``misassigned`` are the names of nodes in unknown
    pipelines. ``strict_warnings`` is the value of dbt's
    ``--warn-error-options``; ``hooks`` are dbt's on-run-start and on-run-end hooks, also those of packages.
    """

    team: str
    dag_prefix: str
    folder: Path
    config: TeamConfig
    manifest: Manifest
    tasks: dict[str, ProjectTask]
    tables: dict[str, Table]
    tests: tuple[Node, ...]
    makers: dict[str, str]
    table_assets: dict[str, str]
    assets: dict[str, str]
    latest: dict[str, str]
    misassigned: frozenset[str] = frozenset()
    strict_warnings: str | None = None
    hooks: tuple[Hook, ...] = ()

    def in_pipeline(self, pipeline: str) -> list[ProjectTask]:
        """The tasks that run in a pipeline, in a stable order."""
        return [task for task in self.tasks.values() if pipeline in task.pipelines]

    def maker(self, read: str) -> str:
        """The id of the task that produces an input: the task that fills a source table, or else the id itself."""
        return self.makers.get(read, read)

    def asset(self, read: str) -> str:
        """The asset of an input: of a source table that a task fills, or of a node with a table."""
        return self.table_assets[read] if read in self.makers else self.tasks[read].assets[0]

    @property
    def pipelines(self) -> tuple[str, ...]:
        """The pipelines in which the team has tasks, sorted."""
        return tuple(sorted({pipeline for task in self.tasks.values() for pipeline in task.pipelines}))


def node_task(node: Node, settings: NodeSettings, *, runs: bool) -> ProjectTask:
    """The task of a dbt node; ``runs`` is False if the team disabled dbt in ``dbt_settings``."""
    return ProjectTask(
        id=node.unique_id,
        name=asset_name(node),
        group=settings.group or _first_folder(node),
        pipelines=() if node.ephemeral or not runs else settings.pipelines,
        parents=node.depends_on.nodes,
        assets=() if node.ephemeral else (asset_name(node),),
        owners=settings.owners,
        retries=settings.retries,
        timeout_seconds=settings.timeout_seconds,
        queue=settings.queue,
        pool=settings.pool,
        priority=settings.priority,
        settings=settings.settings,
        dependencies={name: DependencyKind(kind) for name, kind in settings.dependencies.items()},
        node=node,
    )


def asset_name(node: Node) -> str:
    """A node's asset: its name, with ``_v{version}`` for a versioned model."""
    return node.name if node.version is None else f"{node.name}_v{node.version}"


def node_relation(node: Node) -> Relation:
    """The relation that dbt builds for a node."""
    return Relation(node.database, node.schema, node.alias or node.name)


def source_table(source: Source) -> Table:
    """A source of the manifest as a table; global if its ``meta``, its source's name or its folder says so."""
    flagged = _is_true(source, "global_asset")
    folders = source.original_file_path.replace("\\", "/").split("/")[:-1]
    is_global = flagged or source.source_name == GLOBAL_ASSETS or GLOBAL_ASSETS in folders
    return Table(
        id=source.unique_id,
        source_name=source.source_name,
        name=source.name,
        file=source.original_file_path,
        relation=Relation(source.database, source.schema, source.identifier),
        columns=source.columns,
        description=source.description or "",
        tags=source.tags,
        event_time=source.config.event_time,
        is_global=is_global,
        own_table=_is_true(source, "own_table"),
        team=source.source_name if is_global and source.source_name != GLOBAL_ASSETS else None,
    )


def is_external(node: Node) -> bool:
    """Whether it is another project's model, which a dbt plugin such as dbt-loom added to the manifest.

    The same condition as in dbt's ``ModelNode.is_external_node``.
    """
    return not node.path and not node.original_file_path


def external_table(node: Node) -> Table:
    """Another project's model as a global table."""
    return Table(
        id=node.unique_id,
        source_name=node.package_name,
        name=asset_name(node),
        file="",
        relation=node_relation(node),
        event_time=node.config.event_time,
        is_global=True,
        external=node,
    )


def latest_assets(nodes: Iterable[Node]) -> Mapping[str, str]:
    """For the name of each versioned model, the asset of its latest version."""
    return {node.name: asset_name(node) for node in nodes if _is_latest(node)}


def _is_latest(node: Node) -> bool:
    return node.version is not None and str(node.version) == str(node.latest_version)


def _is_true(source: Source, key: str) -> bool:
    """Whether a key is true in the ``meta.scheduler`` of a source table."""
    metas = (source.config.meta.scheduler, source.meta.scheduler)
    return any(isinstance(meta, dict) and meta.get(key) is True for meta in metas)


def _first_folder(node: Node) -> str | None:
    folder, _, rest = node.path.replace("\\", "/").partition("/")
    # A snapshot that is declared in YAML has the path file.yml/name.sql.
    return folder if rest and not folder.endswith((".yml", ".yaml")) else None

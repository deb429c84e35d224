"""dbt's manifest: only the fields that scheduling needs."""

import msgspec

_RUNS = frozenset({"model", "seed", "snapshot", "function"})


class DependsOn(msgspec.Struct, frozen=True, gc=False):
    """What a node reads, and the macros that it calls, as unique ids."""

    nodes: tuple[str, ...] = ()
    macros: tuple[str, ...] = ()


class NodeConfig(msgspec.Struct, frozen=True):
    """The part of a node's config that decides how and whether it runs.

    Settings of microbatch models can have any type: a custom materialization may use the same keys.
    """

    materialized: str | None = None
    incremental_strategy: str | None = None
    full_refresh: object = None
    batch_size: object = None
    lookback: object = None
    event_time: object = None
    pre_hook: object = msgspec.field(default=None, name="pre-hook")
    post_hook: object = msgspec.field(default=None, name="post-hook")
    meta: dict[str, object] = {}
    scheduler: object = None
    """Where it does not belong: dbt accepts any key here, and only those under ``meta`` count."""
    scheduler_defaults: object = None


class Column(msgspec.Struct, frozen=True, gc=False):
    """A documented column, with its type if the project declares one."""

    data_type: str | None = None
    description: str | None = None


class Node(msgspec.Struct, frozen=True):
    """A model, seed, snapshot, test or any other entry of ``nodes``, or a function."""

    unique_id: str
    name: str
    resource_type: str
    package_name: str
    path: str
    original_file_path: str
    fqn: tuple[str, ...]
    patch_path: str | None = None
    description: str = ""
    database: str | None = None
    schema: str | None = None
    alias: str | None = None
    version: str | int | float | None = None
    latest_version: str | int | float | None = None
    depends_on: DependsOn = DependsOn()
    config: NodeConfig = NodeConfig()
    columns: dict[str, Column] = {}
    tags: tuple[str, ...] = ()
    language: str | None = None
    compiled_code: str | None = None

    @property
    def runs(self) -> bool:
        """Whether dbt builds something for this node: models, seeds, snapshots and functions."""
        return self.resource_type in _RUNS

    @property
    def ephemeral(self) -> bool:
        """Whether the node is ephemeral: dbt inlines it into the SQL of its readers."""
        return self.config.materialized == "ephemeral"

    @property
    def is_table(self) -> bool:
        """Whether dbt builds a table or a view for it, which a source may refer to as well."""
        return not self.ephemeral and self.resource_type != "function"

    @property
    def stores_data(self) -> bool:
        """Whether it stores data: views and functions are evaluated at each read."""
        return self.config.materialized != "view" and self.resource_type != "function"

    @property
    def file(self) -> str:
        """The file where a user would look for the node's config: its properties file, or else its own file."""
        return self.patch_path.partition("://")[2] if self.patch_path else self.original_file_path


class Meta(msgspec.Struct, frozen=True):
    """The ``scheduler`` key of a source table's ``meta``, as written by the user."""

    scheduler: object = None


class SourceConfig(msgspec.Struct, frozen=True):
    """The config of a source table."""

    meta: Meta = Meta()
    event_time: object = None


class Source(msgspec.Struct, frozen=True):
    """One table of a source; dbt has merged the source's meta with the table's."""

    unique_id: str
    source_name: str
    name: str
    original_file_path: str
    package_name: str
    identifier: str
    database: str | None = None
    schema: str | None = None
    quoting: dict[str, bool | None] | None = None
    columns: dict[str, Column] = {}
    description: str | None = None
    tags: tuple[str, ...] = ()
    meta: Meta = Meta()
    config: SourceConfig = SourceConfig()


class Exposure(msgspec.Struct, frozen=True):
    """An exposure: something outside dbt that reads nodes or source tables."""

    unique_id: str
    package_name: str
    original_file_path: str
    depends_on: DependsOn = DependsOn()


class Disabled(msgspec.Struct, frozen=True, gc=False):
    """A disabled node."""

    name: str


class Metadata(msgspec.Struct, frozen=True):
    """The manifest's metadata: its schema version, dbt's version, the project and the adapter."""

    dbt_schema_version: str = ""
    dbt_version: str = ""
    project_name: str | None = None
    adapter_type: str | None = None


class Macro(msgspec.Struct, frozen=True, gc=False):
    """A macro, and the macros that it calls."""

    depends_on: DependsOn = DependsOn()


class Manifest(msgspec.Struct, frozen=True):
    """The parts of a manifest that we read; ``nodes`` includes ``functions``."""

    metadata: Metadata
    nodes: dict[str, Node]
    sources: dict[str, Source]
    functions: dict[str, Node] = {}
    exposures: dict[str, Exposure] = {}
    disabled: dict[str, list[Disabled]] | None = None
    macros: dict[str, Macro] = {}

"""The values of ``scheduler.yaml`` and ``platform.yaml``; ``line`` is the first line of an entry in its file."""

from enum import StrEnum

import msgspec

from dbt_scheduler.kinds.places import PlaceSettings
from dbt_scheduler.registry.publishers import Publishers
from dbt_scheduler.spec import Schedule


class DbtTests(StrEnum):
    """Where a node's dbt tests run: in its own task, in one after it, or nowhere."""

    BUILD = "build"
    AFTER = "after"
    NONE = "none"


class ProjectHooks(StrEnum):
    """When a dbt project's own on-run-start and on-run-end hooks run."""

    ONCE = "once"
    EVERY_TASK = "every_task"
    NEVER = "never"


class Alerting(msgspec.Struct, frozen=True):
    """The team's channel, and the people or groups to tag in every alert."""

    channel: str | None = None
    tag: tuple[str, ...] = ()


class DbtSettings(msgspec.Struct, frozen=True):
    """Settings for all dbt nodes of a project; ``on_run_start`` and ``on_run_end`` are names of macros.

    ``project_hooks`` is None if the team uses the platform's value; ``settings`` are keys of the place where
    dbt runs.
    """

    enabled: bool = True
    on_run_start: tuple[str, ...] = ()
    on_run_end: tuple[str, ...] = ()
    project_hooks: ProjectHooks | None = None
    tests: DbtTests = DbtTests.BUILD
    image: str | None = None
    settings: dict[str, object] = {}
    line: int = 0


class TaskConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A declared task. ``command`` is split into words; ``settings`` are the keys of its kind and place."""

    kind: str
    name: str
    group: str | None = None
    pipelines: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    timeout_seconds: int | None = None
    retries: int | None = None
    queue: str | None = None
    pool: str | None = None
    priority: int | None = None
    owners: tuple[str, ...] = ()
    image: str | None = None
    command: tuple[str, ...] = ()
    settings: dict[str, object] = {}
    line: int = 0


class ExposedAssets(msgspec.Struct, frozen=True):
    """Assets that other teams may depend on; ``slo`` is in seconds by pipeline, None without SLOs."""

    regex: str
    slo: dict[str, int] | None = None
    line: int = 0


class Ignore(msgspec.Struct, frozen=True):
    """A finding that the team ignores, on one subject or on all."""

    code: str
    because: str
    on: str | None = None
    line: int = 0


class AcknowledgedChange(msgspec.Struct, frozen=True):
    """An intentional breaking change of an asset, and its reason."""

    asset: str
    change: str
    reason: str
    line: int = 0


class TeamConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A ``scheduler.yaml``; ``team`` and ``dag_prefix`` are None if not set.

    ``line`` is the line of ``dag_prefix``, or else of ``team``.
    """

    team: str | None = None
    dag_prefix: str | None = None
    tags: tuple[str, ...] = ()
    alerting: Alerting = Alerting()
    dbt_settings: DbtSettings = DbtSettings()
    tasks: tuple[TaskConfig, ...] = ()
    exposed_assets: tuple[ExposedAssets, ...] = ()
    acknowledged_changes: tuple[AcknowledgedChange, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    line: int = 0


class Pipeline(msgspec.Struct, frozen=True):
    """A named schedule, with its ``catchup`` and ``max_active_runs``."""

    schedule: Schedule
    catchup: bool
    max_active_runs: int
    line: int = 0


class Defaults(msgspec.Struct, frozen=True):
    """Default values of a task; ``max_retry_delay_seconds`` is None if delays do not grow."""

    retries: int
    retry_delay_seconds: int
    max_retry_delay_seconds: int | None
    timeout_seconds: int
    wait_timeout_seconds: int
    poll_interval_seconds: int
    pool: str


class DbtConfig(msgspec.Struct, frozen=True):
    """The dbt command and its settings.

    ``projects_dir`` contains the projects where tasks run; None: their current location. dbt writes to ``target_path``
    and ``log_path``; None: in the project, or in a temporary folder. With ``preload``, dbt runs in forks of the worker,
    not as a program.
    """

    command: str
    projects_dir: str | None
    target: str | None
    profiles_dir: str | None
    target_path: str | None
    log_path: str | None
    project_hooks: ProjectHooks
    preload: bool

    @property
    def options(self) -> tuple[str, ...]:
        """The options of every dbt command."""
        target = ("--target", self.target) if self.target else ()
        return (*target, "--profiles-dir", self.profiles_dir) if self.profiles_dir else target

    def paths(self, team: str) -> dict[str, str]:
        """The variables for the folders that dbt writes to: each team has its own in the configured folders."""
        named = {"DBT_TARGET_PATH": self.target_path, "DBT_LOG_PATH": self.log_path}
        return {name: f"{path.rstrip('/')}/{team}" for name, path in named.items() if path}


class PlatformAlerting(msgspec.Struct, frozen=True):
    """The transport of alerts (``channel``), its Airflow connection, and whether test warnings are sent too."""

    channel: str
    connection: str
    warnings: bool


class PlatformConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A ``platform.yaml`` with the defaults.

    ``places`` is by kind, including ``dbt``; ``pools`` are the slots of Airflow pools by name. ``teams`` is None if no
    teams are listed: then any team may be published. ``dag_prefix`` is the start of every dag_id, "" or such as
    "staging_". ``site_url`` is the URL of the registry's pages.
    """

    path: str
    pipelines: dict[str, Pipeline]
    defaults: Defaults
    dbt: DbtConfig
    places: dict[str, PlaceSettings]
    pools: dict[str, int]
    alerting: PlatformAlerting
    registry_url: str | None
    teams: Publishers | None
    airflow_connection: str
    dag_prefix: str
    registry_read_only: bool
    site_url: str | None

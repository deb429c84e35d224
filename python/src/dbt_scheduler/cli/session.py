"""The first steps of every command: find the platform and the registry, and load the teams."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from dbt_scheduler.cli.shared import print_findings, print_warnings
from dbt_scheduler.config.external_assets import load_external_assets
from dbt_scheduler.config.platform import find_platform, load_platform
from dbt_scheduler.config.types import PlatformConfig
from dbt_scheduler.findings.catalogue.registry import SCH412, SCH423
from dbt_scheduler.findings.finding import CannotRunError, Finding, Severity, UsageError
from dbt_scheduler.findings.printable import shown_url
from dbt_scheduler.graph.external_team import external_team
from dbt_scheduler.graph.workspace import Team, Workspace, build_workspace, load_projects
from dbt_scheduler.project.types import Table
from dbt_scheduler.registry.backend import RegistryUnreadableError
from dbt_scheduler.registry.store import RegistryContents
from dbt_scheduler.registry.stores import open_store, registry_url, typed_url

_SECONDS = 120.0
"""The time limit for reading the registry: CI machines often have no cache and a slow connection."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Options that commands share; ``registry/`` in ``out`` is used if no other registry is configured."""

    platform: Path | None = None
    registry: str | None = None
    manifest: Path | None = None
    out: Path | None = None


class Session(msgspec.Struct, frozen=True):
    """The loaded teams together with the registry's, and the findings of the platform and the registry.

    ``versions`` are those of the registry's documents, by team; None if no registry is configured.
    ``warnings`` are sentences to print.
    """

    workspace: Workspace
    findings: tuple[Finding, ...]
    versions: Mapping[str, str] | None
    warnings: tuple[str, ...]


Progress = Callable[[Sequence[Path]], Iterable[Path]]
"""Iterates over folders, and may show the progress."""


def open_session(
    folders: Sequence[Path], options: Options, progress: Progress, files: Sequence[Path] = ()
) -> Session:
    """Load the platform, the registry, the dbt projects in these folders, and these files of external assets.

    Raises:
        CannotRunError: one of them cannot be read.

    """
    platform, findings = read_platform([*folders, *(file.parent for file in files)], options)
    reading = read_registry(platform, options)
    schedules = {name: pipeline.schedule for name, pipeline in platform.pipelines.items()}
    external = [external_team(load_external_assets(file, schedules), platform.dag_prefix) for file in files]
    loaded = load_projects(progress(folders), platform, options.manifest)
    workspace = build_workspace(loaded, platform, reading.entries, reading.unreadable, external)
    unreadable = (_softened(finding, workspace) for finding in reading.findings)
    versions = reading.versions if is_registry_named(platform, options) else None
    # A team without sources cannot read other teams' assets.
    reads = any(each.project.tables for each in loaded)
    warnings = registry_warnings(platform, options, reading) if reads else ()
    return Session(workspace, (*findings, *unreadable), versions, warnings)


def read_platform(folders: Sequence[Path], options: Options) -> tuple[PlatformConfig, tuple[Finding, ...]]:
    """The platform's config and its notes.

    Raises:
        CannotRunError: it cannot be read, or has errors.

    """
    platform, findings = load_platform(find_platform(folders, options.platform))
    if platform is None or any(finding.severity is Severity.ERROR for finding in findings):
        raise CannotRunError(findings)
    return platform, findings


def read_registry(platform: PlatformConfig, options: Options) -> RegistryContents:
    """All readable entries; none if no registry is configured.

    Raises:
        CannotRunError: the registry itself cannot be read.

    """
    try:
        url = registry_to_use(platform, options)
        return RegistryContents({}, ()) if url is None else open_store(url, _SECONDS).read_all()
    except RegistryUnreadableError as error:
        raise CannotRunError.because(_unreadable(platform, options, error)) from None


def read_registry_and_warn(platform: PlatformConfig, options: Options) -> RegistryContents:
    """Like ``read_registry``, for commands that read no projects: prints warnings and findings."""
    reading = read_registry(platform, options)
    print_warnings(registry_warnings(platform, options, reading))
    print_findings(reading.findings)
    return reading


def read_named_registry(options: Options) -> tuple[str, RegistryContents]:
    """The URL and the contents of the registry, for commands that require one; prints warnings and findings.

    Raises:
        UsageError: no registry is configured.
        CannotRunError: the registry does not exist or cannot be read.

    """
    platform, _ = read_platform([Path()], options)
    url = registry_to_use(platform, options)
    if url is None:
        raise UsageError("no registry is configured", "set --registry URL, or registry.url in platform.yaml")
    reading = read_registry(platform, options)
    if reading.missing:
        raise CannotRunError.because(SCH423.at(shown_url(url)))
    print_warnings(registry_warnings(platform, options, reading))
    print_findings(reading.findings)
    return url, reading


def is_registry_named(platform: PlatformConfig, options: Options) -> bool:
    """Whether a registry is configured."""
    return options.registry is not None or platform.registry_url is not None


def registry_warnings(
    platform: PlatformConfig, options: Options, reading: RegistryContents
) -> tuple[str, ...]:
    """The warning that the configured registry is empty: nothing was published yet, or the URL is wrong."""
    if reading.entries or reading.findings or not is_registry_named(platform, options):
        return ()
    what = "does not exist yet" if reading.missing else "is empty"
    where = shown_url(registry_to_use(platform, options) or "")
    return (f"the registry {where} {what}: other teams' assets are unknown",)


def registry_to_use(platform: PlatformConfig, options: Options) -> str | None:
    """The URL of the registry; None if none is configured and there is no output folder.

    Raises:
        CannotRunError: the URL is not supported.

    """
    try:
        if options.registry is not None:
            return typed_url(options.registry)
        if platform.registry_url is not None or options.out is None:
            return platform.registry_url
        return registry_url("file:registry", options.out)
    except ValueError as error:
        raise CannotRunError.because(_unreadable(platform, options, error)) from None


def _softened(finding: Finding, workspace: Workspace) -> Finding:
    """The finding for an unreadable entry: an error only if a loaded team may read the assets of the entry's team.

    Otherwise one damaged entry would block all teams. It is a warning for a loaded team's own entry, which only that
    team can replace, by publishing.
    """
    if any(_may_read(team, finding.subject, workspace) for team in workspace.teams):
        return finding
    loaded = {
        *(team.project.team for team in workspace.teams),
        *(each.team for each in workspace.external),
    }
    own = finding.subject in loaded
    return msgspec.structs.replace(finding, severity=Severity.WARNING if own else Severity.NOTE)


def _may_read(team: Team, unreadable: str, workspace: Workspace) -> bool:
    """Whether a global table of the team is, or by its name may be, an asset of the unreadable team."""
    own, directory = team.project.team, workspace.directory

    def is_known(table: Table) -> bool:
        makers = {key.team for key in directory.named(table.name)} - {own}
        if table.external is None:
            return bool(makers)
        return any(table.source_name in (maker, directory.entries[maker].project_name) for maker in makers)

    return own != unreadable and any(
        table.team == unreadable or (table.team is None and not is_known(table))
        for table in team.project.tables.values()
        if table.is_global
    )


def _unreadable(platform: PlatformConfig, options: Options, error: Exception) -> Finding:
    place = platform.path if options.registry is None else shown_url(options.registry)
    return SCH412.at(place, problem=str(error))

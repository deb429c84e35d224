"""What every command does first: find the platform and the registry, load the teams, see them together."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from dbt_scheduler.catalogue.inputs import SCH412
from dbt_scheduler.config import PlatformConfig, find_platform, load_platform
from dbt_scheduler.errors import CannotRunError, Finding, Severity
from dbt_scheduler.graph.workspace import Workspace, build_workspace, load_projects
from dbt_scheduler.registry import Entry
from dbt_scheduler.stores import RegistryUnreadableError, open_store, registry_url


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options that commands share; the ``registry`` below ``out`` serves where no other is named."""

    platform: Path | None = None
    registry: str | None = None
    manifest: Path | None = None
    out: Path | None = None


class Session(msgspec.Struct, frozen=True):
    """The teams at hand among all teams, and what was found while reading platform and registry."""

    workspace: Workspace
    findings: tuple[Finding, ...]


Progress = Callable[[Sequence[Path]], Iterable[Path]]
"""Goes through folders, and may show how far it is."""


def open_session(folders: Sequence[Path], options: Options, progress: Progress) -> Session:
    """Load everything.

    Raises:
        CannotRunError: something that the command needs cannot be read.

    """
    platform, findings = read_platform(folders, options)
    entries, unreadable = read_registry(platform, options)
    loaded = load_projects(progress(folders), platform, options.manifest)
    return Session(build_workspace(loaded, platform, entries), (*findings, *unreadable))


def read_platform(folders: Sequence[Path], options: Options) -> tuple[PlatformConfig, tuple[Finding, ...]]:
    """The platform's config and its notes.

    Raises:
        CannotRunError: it has errors; nothing can be scheduled on half a platform.

    """
    platform, findings = load_platform(find_platform(folders, options.platform))
    if platform is None or any(finding.severity is Severity.ERROR for finding in findings):
        raise CannotRunError(findings)
    return platform, findings


def read_registry(platform: PlatformConfig, options: Options) -> tuple[dict[str, Entry], tuple[Finding, ...]]:
    """Every team's entry that can be read.

    Raises:
        CannotRunError: the registry itself cannot be read.

    """
    try:
        url = _registry_url(platform, options)
        if url is None:
            return {}, ()
        reading = open_store(url).read_all()
    except (RegistryUnreadableError, ValueError) as error:
        place = options.registry or platform.path
        raise CannotRunError.because(SCH412.at(place, problem=str(error))) from None
    return reading.entries, reading.findings


def _registry_url(platform: PlatformConfig, options: Options) -> str | None:
    if options.registry is not None:
        return registry_url(options.registry, Path())
    if platform.registry_url is not None or options.out is None:
        return platform.registry_url
    return registry_url("file:registry", options.out)

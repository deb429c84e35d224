"""``report``: what a pull request changes, and which consumers it breaks."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.output import Output, as_json
from dbt_scheduler.cli.session import Options, read_platform, read_registry_and_warn
from dbt_scheduler.cli.shared import FOLDER, exit_on_error, print_warnings, registry_options
from dbt_scheduler.config.types import PlatformConfig
from dbt_scheduler.findings.catalogue.inputs import SCH420, SCH421
from dbt_scheduler.findings.finding import CannotRunError
from dbt_scheduler.output import CompiledOutput, read_output
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.store import RegistryContents
from dbt_scheduler.report import comment, markdown
from dbt_scheduler.report.build import Report, TeamStates, make_report

_OUTPUT = Output[Sequence[Report]](
    {"markdown": markdown.render, "comment": comment.render, "json": as_json},
    text="comment: Markdown for a pull request comment.",
)


@click.command(epilog=examples("report base head", "report base head --format comment"))
@click.argument("base", type=FOLDER)
@click.argument("head", type=FOLDER)
@_OUTPUT.option
@registry_options
def report(base: Path, head: Path, style: str, platform: Path | None, registry: str | None) -> None:
    """Compare two outputs of `compile`, and report the changes and the consumers that they break.

    Exits with code 1 if a breaking change is not acknowledged in scheduler.yaml or external_assets.yaml.
    """
    with exit_on_error():
        was, now = read_output(base), read_output(head)
        teams = _teams(was, now)
        config, reading = _registry(platform, registry)
        published, unread = reading.entries, tuple(sorted(reading.unreadable))
        directory = Directory({**published, **was.entries, **now.entries})
        states = {team: TeamStates(was.state(team), now.state(team), published.get(team)) for team in teams}
        reports = [
            make_report(team, each, directory, unread, config.site_url) for team, each in states.items()
        ]
        _OUTPUT.show(style, reports)
        sys.exit(int(any(each.breaking for each in reports)))


def _teams(base: CompiledOutput, head: CompiledOutput) -> list[str]:
    """The teams of both outputs, sorted.

    Raises:
        CannotRunError: both are empty, or they have no team in common and so belong to different projects.

    """
    teams = base.entries.keys() | head.entries.keys()
    if not teams:
        raise CannotRunError.because(SCH420.at(str(head.folder), problem="both HEAD and BASE are empty"))
    if base.entries and head.entries and not base.entries.keys() & head.entries.keys():
        words = {"base": ", ".join(base.entries), "head": ", ".join(head.entries)}
        raise CannotRunError.because(SCH421.at(str(head.folder), **words))
    return sorted(teams)


def _registry(platform_file: Path | None, url: str | None) -> tuple[PlatformConfig, RegistryContents]:
    options = Options(platform=platform_file, registry=url)
    platform, _ = read_platform([Path()], options)
    if url is None and platform.registry_url is None:
        print_warnings(["no registry is configured: only consumers that were compiled together are listed"])
    return platform, read_registry_and_warn(platform, options)

"""``registry``: looks into what all teams make and read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dbt_scheduler.cli.groups import Group
from dbt_scheduler.cli.output import Output, as_json
from dbt_scheduler.cli.session import (
    Options,
    read_named_registry,
    read_platform,
    read_registry_and_warn,
)
from dbt_scheduler.cli.shared import (
    FOLDER,
    exit_on_error,
    registry_options,
    say,
)
from dbt_scheduler.cli.site import site
from dbt_scheduler.compiler.writing import write_errors_as_findings
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.project.loading import team_name
from dbt_scheduler.registry.dbt_package import write_dbt_package
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.downstream import Downstream
from dbt_scheduler.registry.lookup.search import find_asset, find_team
from dbt_scheduler.registry.lookup.text import render_asset, render_assets, render_consumed, render_consumers
from dbt_scheduler.registry.lookup.views import (
    AssetView,
    ConsumedAsset,
    ConsumerTask,
    view_asset,
    view_assets,
    view_consumed,
)

_ASSETS = Output[Sequence[AssetView]]({"text": render_assets, "json": as_json})
_ASSET = Output[AssetView]({"text": render_asset, "json": as_json})
_CONSUMERS = Output[Sequence[ConsumerTask]]({"text": render_consumers, "json": as_json})
_PRODUCERS = Output[Sequence[ConsumedAsset]]({"text": render_consumed, "json": as_json})


@click.group(cls=Group)
def registry() -> None:
    """Look into the asset registry."""


@registry.command("list")
@click.option("--all", "all_", is_flag=True, help="Assets that are not exposed too.")
@_ASSETS.option
@registry_options
def list_(style: str, *, all_: bool, **options: Any) -> None:  # noqa: ANN401 - from click
    """Show the assets that teams expose to each other."""
    with exit_on_error():
        _ASSETS.show(style, tuple(view_assets(_directory(options), all_=all_)))


@registry.command()
@click.argument("asset")
@_ASSET.option
@registry_options
def show(asset: str, style: str, **options: Any) -> None:  # noqa: ANN401 - from click
    """Show who makes an asset, when it is ready, what is in it, and who reads it.

    ASSET is its name, or TEAM.NAME where several teams make one of that name.
    """
    with exit_on_error():
        directory = _directory(options)
        _ASSET.show(style, view_asset(find_asset(asset, directory), directory, Downstream(directory)))


@registry.command()
@click.argument("asset")
@_CONSUMERS.option
@registry_options
def consumers(asset: str, style: str, **options: Any) -> None:  # noqa: ANN401 - from click
    """Show the tasks that read an asset, with their teams and channels."""
    with exit_on_error():
        directory = _directory(options)
        found = view_asset(find_asset(asset, directory), directory, Downstream(directory))
        _CONSUMERS.show(style, found.consumers)


@registry.command()
@click.argument("team")
@_PRODUCERS.option
@registry_options
def producers(team: str, style: str, **options: Any) -> None:  # noqa: ANN401 - from click
    """Show what a team reads of other teams, who makes it, and when it is ready."""
    with exit_on_error():
        directory = _directory(options)
        _PRODUCERS.show(style, tuple(view_consumed(find_team(team, directory), directory)))


@registry.command()
@click.option("--dbt-package", "package", type=FOLDER, help="The folder to write a dbt package into.")
@click.option("--json", "json_", is_flag=True, help="Print every team's entry as one JSON document.")
@registry_options
def export(package: Path | None, *, json_: bool, **options: Any) -> None:  # noqa: ANN401 - from click
    """Write what the registry knows as a dbt package, for the checks in `dbt compile`, or as JSON."""
    if package is None and not json_:
        raise click.UsageError("name what to write: --dbt-package FOLDER, --json, or both")
    with exit_on_error():
        settings = Options(**options)
        platform, _ = read_platform([Path()], settings)
        reading = read_registry_and_warn(platform, settings)
        if package is not None:
            with write_errors_as_findings(package):
                write_dbt_package(package, reading, platform.pipelines, team_name(Path()))
            say(f"{format_count(len(reading.entries), 'team')} written to {package}")
        if json_:
            click.echo(as_json(reading.entries), nl=False)


def _directory(options: dict[str, Any]) -> Directory:
    """All entries that can be read; those that cannot are reported on stderr."""
    return Directory(read_named_registry(Options(**options))[1].entries)


registry.add_command(site)

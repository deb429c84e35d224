"""``registry``: shows the assets that teams produce and consume."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dbt_scheduler.cli.examples import examples
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


@click.group(cls=Group, epilog=examples("registry list", "registry show fct_orders"))
def registry() -> None:
    """Show and export the asset registry."""


@registry.command("list", epilog=examples("registry list --all"))
@click.option("--all", "all_", is_flag=True, help="Include assets that are not exposed.")
@_ASSETS.option
@registry_options
def list_(style: str, *, all_: bool, **options: Any) -> None:  # noqa: ANN401 - from click
    """List the assets that teams expose."""
    with exit_on_error():
        _ASSETS.show(style, tuple(view_assets(_directory(options), all_=all_)))


@registry.command(epilog=examples("registry show fct_orders", "registry show shop.fct_orders --format json"))
@click.argument("asset")
@_ASSET.option
@registry_options
def show(asset: str, style: str, **options: Any) -> None:  # noqa: ANN401 - from click
    """Show an asset: its producer, SLO, relation, columns and consumers.

    ASSET is its name, or TEAM.NAME if several teams have an asset with that name.
    """
    with exit_on_error():
        directory = _directory(options)
        _ASSET.show(style, view_asset(find_asset(asset, directory), directory, Downstream(directory)))


@registry.command(epilog=examples("registry consumers shop.fct_orders"))
@click.argument("asset")
@_CONSUMERS.option
@registry_options
def consumers(asset: str, style: str, **options: Any) -> None:  # noqa: ANN401 - from click
    """Show the tasks that read an asset, with their teams and channels."""
    with exit_on_error():
        directory = _directory(options)
        found = view_asset(find_asset(asset, directory), directory, Downstream(directory))
        _CONSUMERS.show(style, found.consumers)


@registry.command(epilog=examples("registry producers shop"))
@click.argument("team")
@_PRODUCERS.option
@registry_options
def producers(team: str, style: str, **options: Any) -> None:  # noqa: ANN401 - from click
    """Show the assets of other teams that a team reads, with their producers and SLOs."""
    with exit_on_error():
        directory = _directory(options)
        _PRODUCERS.show(style, tuple(view_consumed(find_team(team, directory), directory)))


@registry.command(epilog=examples("registry export --dbt-package .dbt_scheduler/registry"))
@click.option("--dbt-package", "package", type=FOLDER, help="The folder to write the dbt package to.")
@click.option("--json", "json_", is_flag=True, help="Print all entries as one JSON document.")
@registry_options
def export(package: Path | None, *, json_: bool, **options: Any) -> None:  # noqa: ANN401 - from click
    """Export the registry as a dbt package, for the checks in `dbt compile`, or as JSON."""
    if package is None and not json_:
        raise click.UsageError("specify --dbt-package FOLDER, --json, or both")
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
    """All readable entries; unreadable ones are reported on stderr."""
    return Directory(read_named_registry(Options(**options))[1].entries)


registry.add_command(site)

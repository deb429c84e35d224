"""``registry``: looks into what all teams make and read."""

from pathlib import Path
from typing import Any

import click

from dbt_scheduler.cli.shared import FOLDER, common, refusals, talk
from dbt_scheduler.compiler.output import writing
from dbt_scheduler.project.loading import team_name
from dbt_scheduler.registry import Directory
from dbt_scheduler.session import Options, read_platform, read_registry
from dbt_scheduler.snapshot import write_snapshot


@click.group()
def registry() -> None:
    """Look into the asset registry."""


@registry.command()
@click.option(
    "--dbt-package", "package", type=FOLDER, required=True, help="The folder to write the package into."
)
@common
def export(package: Path, manifest: Path | None, **options: Any) -> None:  # noqa: ANN401 - from click
    """Write what the registry knows as a dbt package, for the checks in `dbt compile`."""
    with refusals():
        settings = Options(**options)
        platform, _ = read_platform([Path()], settings)
        reading = read_registry(platform, settings)
        talk(reading.findings)
        with writing(package):
            write_snapshot(package, Directory(reading.entries), platform.pipelines, team_name(Path()))
        click.echo(f"{len(reading.entries)} teams written to {package}", err=True)

"""``slice``: writes the part of a project that dbt needs for each node, so that tasks start faster."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.session import Options, read_platform
from dbt_scheduler.cli.shared import FOLDER, exit_on_error, platform_option
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.project.loading import require_dbt_project


@click.command("slice", epilog=examples("slice", "slice shop --target prod --explain"))
@click.argument("folder", metavar="[DIR]", default=".", type=FOLDER)
@click.option("--target", help="dbt's --target. Default: the one in platform.yaml, or else in the profile.")
@click.option(
    "--profiles-dir", metavar="DIR", help="dbt's --profiles-dir. Default: the one in platform.yaml."
)
@click.option("--explain", is_flag=True, help="List the nodes without a slice, and the reason.")
@platform_option
def slice_(
    folder: Path, target: str | None, profiles_dir: str | None, platform: Path | None, *, explain: bool
) -> None:
    """Parse the dbt project in DIR, and write a slice for each node to .dbt_scheduler/slices.

    Run it after every change to the project, in the environment in which the tasks run dbt. A task whose
    slice is outdated runs the plain dbt command.
    """
    with exit_on_error():
        config, _ = read_platform([folder], Options(platform=platform))
        require_dbt_project(folder)
        if find_spec("dbt") is None:
            raise UsageError(
                f"dbt is not installed in the environment of {sys.executable}",
                "run the command in dbt's environment",
            )
        options = {
            "--target": target or config.dbt.target,
            "--profiles-dir": profiles_dir or config.dbt.profiles_dir,
        }
        command = [
            sys.executable,
            "-P",
            "-m",
            "dbt_scheduler.dbt.slicing",
            *(["--explain"] if explain else []),
        ]
        command += [word for name, value in options.items() if value for word in (name, value)]
        sys.exit(subprocess.run(command, cwd=folder, check=False).returncode)  # noqa: S603 - no shell

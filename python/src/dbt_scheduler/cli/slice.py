"""``slice``: what dbt needs of a project to run each of its nodes, so that a task does not read the whole of it."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from dbt_scheduler.cli.session import Options, read_platform
from dbt_scheduler.cli.shared import FOLDER, exit_on_error, platform_option
from dbt_scheduler.findings.finding import UsageError


@click.command("slice")
@click.argument("folder", metavar="[DIR]", default=".", type=FOLDER)
@click.option("--target", help="dbt's --target, instead of the one in platform.yaml or in the profile.")
@click.option(
    "--profiles-dir", metavar="DIR", help="dbt's --profiles-dir, instead of the one in platform.yaml."
)
@click.option("--explain", is_flag=True, help="List the nodes that have no slice, and why.")
@platform_option
def slice_(
    folder: Path, target: str | None, profiles_dir: str | None, platform: Path | None, *, explain: bool
) -> None:
    """Parse the dbt project in this folder and write a slice of each of its nodes to .dbt_scheduler/slices.

    Run it after every change of the project, where dbt is installed as it is for the tasks. A task whose slice does
    not fit any more runs dbt's plain command.
    """
    with exit_on_error():
        config, _ = read_platform([folder], Options(platform=platform))
        if not (folder / "dbt_project.yml").is_file():
            raise UsageError(
                f"{folder} is no dbt project: it has no dbt_project.yml", "name a project's folder"
            )
        if find_spec("dbt") is None:
            raise UsageError(f"dbt is not installed beside {sys.executable}", "run this in dbt's environment")
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

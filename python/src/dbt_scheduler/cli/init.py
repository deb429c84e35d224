"""``init``: sets up dbt-scheduler in a dbt project."""

import re
import sys
from pathlib import Path

import click

from dbt_scheduler import __version__
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.shared import FOLDER, exit_on_error, say
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.init.starting import CI_NAMES, Change, Choices, changes, project_name, write

_NEXT = """\
Next steps:
  dbt-scheduler registry export --dbt-package .dbt_scheduler/registry
  dbt deps
  add a pipeline to a model, in its YAML file: config: {meta: {scheduler: {pipelines: [daily]}}}
  dbt compile
  dbt-scheduler check
"""
_NEXT_IN_CI = """\
  adapt the CI file, which installs requirements.txt: dbt, its adapter and dbt-scheduler; docs/ci.md explains the rest
"""
_TEAM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")


@click.command(epilog=examples("init --team shipping --channel '#shipping-alerts' --ci github"))
@click.argument("folder", metavar="[DIR]", default=".", type=FOLDER)
@click.option("--team", help="The name of the team. Default: the name of the dbt project.")
@click.option("--channel", help="The channel for the team's alerts. Default: # followed by the team's name.")
@click.option(
    "--ci",
    type=click.Choice(CI_NAMES),
    help="The CI system to write a configuration file for. Default: none.",
)
@click.option(
    "--revision",
    default=f"v{__version__}",
    show_default=True,
    help="The tag or commit of dbt-scheduler to install.",
)
@click.option("--dry-run", is_flag=True, help="Show the changes as a diff without writing them.")
@click.option("--yes", is_flag=True, help="Do not prompt: use the default of each option that is not given.")
def init(  # noqa: PLR0913, PLR0917 - click passes each option
    folder: Path,
    team: str | None,
    channel: str | None,
    ci: str | None,
    revision: str,
    dry_run: bool,
    yes: bool,
) -> None:
    """Set up a dbt project: write scheduler.yaml, packages.yml entries and a CI file, and show the next steps.

    Existing settings are not overwritten: running the command again changes nothing.
    """
    with exit_on_error():
        name = project_name(folder)
        ask = sys.stdin.isatty() and not yes
        team = team or (click.prompt("Team", default=name, err=True) if ask else name)
        _require(_TEAM, team, "--team", "use only letters, digits, _ and -")
        _require(_REVISION, revision, "--revision", "use only letters, digits, ., _, - and /")
        channel = channel or (
            click.prompt("Channel for alerts", default=f"#{team}", err=True) if ask else f"#{team}"
        )
        kinds = click.Choice(CI_NAMES)
        ci = ci or (click.prompt("CI file", type=kinds, default="none", err=True) if ask else "none")
        found = list(changes(folder, Choices(team, channel, ci, revision)))
        for each in found:
            _do(each, dry_run=dry_run)
        if not found:
            say("nothing to do: the project is already set up")
        elif not dry_run:
            sys.stdout.write(_NEXT)
            if ci != "none":
                sys.stdout.write(_NEXT_IN_CI)


def _do(change: Change, *, dry_run: bool) -> None:
    if change.by_hand:
        say(change.by_hand)
    elif dry_run:
        sys.stdout.write(change.diff)
    else:
        try:
            write(change)
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            raise UsageError(
                f"cannot write {change.path}: {reason}", "check the permissions of its folder"
            ) from None
        say(f"{change.path} written")


def _require(allowed: re.Pattern[str], value: str, option: str, message: str) -> None:
    if not allowed.fullmatch(value):
        raise click.BadParameter(message, param_hint=option)

"""``init``: a dbt project's first files for dbt-scheduler."""

import re
import sys
from pathlib import Path

import click

from dbt_scheduler import __version__
from dbt_scheduler.cli.shared import FOLDER, exit_on_error, say
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.init.starting import CI_NAMES, Change, Choices, changes, project_name, write

_NEXT = """\
Next:
  dbt-scheduler registry export --dbt-package .dbt_scheduler/registry
  dbt deps
  a model's first pipeline, in its YAML: config: {meta: {scheduler: {pipelines: [daily]}}}
  dbt compile
  dbt-scheduler check
"""
_TEAM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")


@click.command(epilog="Example: dbt-scheduler init --team shipping --channel '#shipping-alerts' --ci github")
@click.argument("folder", metavar="DIR", default=".", type=FOLDER)
@click.option("--team", help="The team's name. Default: the dbt project's.")
@click.option("--channel", help="Where its alerts go. Default: # and the team's name.")
@click.option("--ci", type=click.Choice(CI_NAMES), help="Whose CI file to write. Default: none.")
@click.option(
    "--revision", default=f"v{__version__}", show_default=True, help="The tag or commit of dbt-scheduler."
)
@click.option("--dry-run", is_flag=True, help="Show what would change, as a diff.")
@click.option("--yes", is_flag=True, help="Ask nothing: what is not given has its default.")
def init(  # noqa: PLR0913, PLR0917 - click hands over each option
    folder: Path,
    team: str | None,
    channel: str | None,
    ci: str | None,
    revision: str,
    dry_run: bool,
    yes: bool,
) -> None:
    """Write a dbt project's scheduler.yaml, its entries in packages.yml and its CI file, and say what is next.

    Nothing that is there is replaced: a second call changes nothing.
    """
    with exit_on_error():
        name = project_name(folder)
        ask = sys.stdin.isatty() and not yes
        team = team or (click.prompt("Team", default=name, err=True) if ask else name)
        _require(_TEAM, team, "--team")
        _require(_REVISION, revision, "--revision")
        channel = channel or (
            click.prompt("Channel of its alerts", default=f"#{team}", err=True) if ask else f"#{team}"
        )
        kinds = click.Choice(CI_NAMES)
        ci = ci or (click.prompt("CI file", type=kinds, default="none", err=True) if ask else "none")
        found = list(changes(folder, Choices(team, channel, ci, revision)))
        for each in found:
            _do(each, dry_run=dry_run)
        if not found:
            say("nothing to do: all of it is there")
        elif not dry_run:
            sys.stdout.write(_NEXT)


def _do(change: Change, *, dry_run: bool) -> None:
    if change.by_hand:
        say(change.by_hand)
    elif dry_run:
        sys.stdout.write(change.diff)
    else:
        try:
            write(change)
        except OSError as error:
            reason = (error.strerror or "it failed").lower()
            raise UsageError(
                f"{change.path} cannot be written: {reason}", "make its folder writable"
            ) from None
        say(f"{change.path} written")


def _require(allowed: re.Pattern[str], value: str, option: str) -> None:
    if not allowed.fullmatch(value):
        raise click.BadParameter("letters, digits, _ and - only", param_hint=option)

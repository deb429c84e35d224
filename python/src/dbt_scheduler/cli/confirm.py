"""Asks before something is changed in Airflow, when there is somebody to ask."""

import sys

import click

from dbt_scheduler.findings.finding import UsageError


def confirm(question: str, *, yes: bool) -> bool:
    """Whether to go on: ``--yes``, or what is answered on the terminal. UsageError when nobody is there."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("nothing was changed: there is nobody to ask", "add --yes")
    return click.confirm(question, err=True)


dry_run_option = click.option("--dry-run", is_flag=True, help="Show the plan only.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")

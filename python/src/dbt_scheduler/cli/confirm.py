"""Asks for confirmation before a command changes something in Airflow."""

import sys

import click

from dbt_scheduler.findings.finding import UsageError


def confirm(question: str, *, yes: bool) -> bool:
    """Whether to continue: ``--yes``, or the answer on the terminal. UsageError without a terminal."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(
            "nothing was changed: confirmation requires a terminal", "pass --yes to skip the confirmation"
        )
    return click.confirm(question, err=True)


dry_run_option = click.option("--dry-run", is_flag=True, help="Show the plan without changing anything.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")

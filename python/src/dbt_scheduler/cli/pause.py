"""``pause``: pauses all DAGs of a team, and shows which DAGs wait for them."""

import sys
from datetime import timedelta
from typing import Any

import click

from dbt_scheduler.cli.airflow_options import BUDGET_SECONDS
from dbt_scheduler.cli.airflow_session import open_airflow, session_options
from dbt_scheduler.cli.confirm import confirm, dry_run_option, yes_option
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.findings.printable import lines
from dbt_scheduler.operations.pausing import plan_pause
from dbt_scheduler.waits.wait import Wait


@click.command(epilog=examples("pause shipping", "pause shipping --off"))
@click.argument("team")
@click.option("--off", is_flag=True, help="Unpause the DAGs.")
@dry_run_option
@yes_option
@session_options
def pause(team: str, *, off: bool, dry_run: bool, yes: bool, **options: Any) -> None:  # noqa: ANN401 - from click
    """Pause all DAGs of a team, after showing which other teams wait for them."""
    with open_airflow(BUDGET_SECONDS, **options) as (api, registry):
        entries = registry.entries
        plan = plan_pause(api, entries, team)
        verb = "is unpaused" if off else "is paused"
        sys.stdout.write(lines(f"{dag} of team {team}" for dag in plan.dags))
        for wait in () if off else plan.waits:
            contact = entries[wait.team].contact.channel or f"team {wait.team}"
            sys.stdout.write(lines([f"  {_wait(wait)} ({contact})"]))
        if not dry_run and confirm(f"{'Unpause' if off else 'Pause'} them?", yes=yes):
            for dag in plan.dags:
                api.allow(BUDGET_SECONDS)  # the prompt and earlier DAGs have used up time
                api.set_paused(dag, paused=not off)
                sys.stdout.write(lines([f"{dag} {verb}"]))


def _wait(wait: Wait) -> str:
    slo = wait.producer.slo_seconds
    until = "the wait timeout" if slo is None else f"{timedelta(seconds=slo)} after it is due (its SLO)"
    return f"{wait.dag_id} waits for {wait.asset} of {wait.producer.dag_id} until {until}"

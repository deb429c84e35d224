"""``pause``: pauses all DAGs of a team, and shows which DAGs wait for them."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from dbt_scheduler.cli.airflow_options import PATIENCE_SECONDS, airflow_options, connection, open_api
from dbt_scheduler.cli.confirm import confirm, dry_run_option, yes_option
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.session import Options, read_platform, read_registry
from dbt_scheduler.cli.shared import FOLDER, exit_on_error, print_findings, registry_options
from dbt_scheduler.findings.printable import lines
from dbt_scheduler.operations.pausing import plan_pause
from dbt_scheduler.waits.wait import Wait


@click.command(epilog=examples("pause shipping", "pause shipping --off"))
@click.argument("team")
@click.option("--off", is_flag=True, help="Unpause the DAGs.")
@dry_run_option
@yes_option
@click.option(
    "--out",
    type=FOLDER,
    help="The output folder of `compile`; its registry/ is used if no other registry is configured.",
)
@airflow_options
@registry_options
def pause(  # noqa: PLR0913, PLR0917 - click hands over each option
    team: str,
    off: bool,
    dry_run: bool,
    yes: bool,
    out: Path | None,
    airflow: str | None,
    login: str | None,
    password_file: Path | None,
    **options: Any,  # noqa: ANN401 - from click
) -> None:
    """Pause all DAGs of a team, after showing which other teams wait for them."""
    with exit_on_error():
        settings = Options(out=out, **options)
        platform, findings = read_platform([Path()], settings)
        reading = read_registry(platform, settings)
        print_findings([*findings, *reading.findings])
        where = connection(platform.airflow_connection, airflow, login, password_file)
        with open_api(where, PATIENCE_SECONDS) as api:
            plan = plan_pause(api, reading.entries, team)
            verb = "is unpaused" if off else "is paused"
            sys.stdout.write(lines(f"{dag} of team {team}" for dag in plan.dags))
            for wait in () if off else plan.waits:
                contact = reading.entries[wait.team].contact.channel or f"team {wait.team}"
                sys.stdout.write(lines([f"  {_wait(wait)} ({contact})"]))
            if not dry_run and confirm(f"{'Unpause' if off else 'Pause'} them?", yes=yes):
                for dag in plan.dags:
                    api.allow(PATIENCE_SECONDS)  # however long the answer took, and however many there are
                    api.set_paused(dag, paused=not off)
                    sys.stdout.write(lines([f"{dag} {verb}"]))


def _wait(wait: Wait) -> str:
    slo = wait.producer.slo_seconds
    until = "the wait timeout" if slo is None else f"{timedelta(seconds=slo)} after it is due (its SLO)"
    return f"{wait.dag_id} waits for {wait.asset} of {wait.producer.dag_id} until {until}"

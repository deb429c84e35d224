"""``pause``: all DAGs of a team, with whom that keeps waiting."""

import sys
from pathlib import Path
from typing import Any

import click

from dbt_scheduler.cli.airflow_options import PATIENCE_SECONDS, airflow_options, connection, open_api
from dbt_scheduler.cli.confirm import confirm, yes_option
from dbt_scheduler.cli.session import Options, read_platform, read_registry
from dbt_scheduler.cli.shared import FOLDER, exit_on_error, print_findings, registry_options
from dbt_scheduler.findings.printable import lines, one_line
from dbt_scheduler.operations.pausing import plan_pause


@click.command(epilog="Example: dbt-scheduler pause shipping; dbt-scheduler pause shipping --off")
@click.argument("team")
@click.option("--off", is_flag=True, help="Let its DAGs run again.")
@yes_option
@click.option(
    "--out", type=FOLDER, help="The folder that `compile` wrote, whose registry/ serves if no other is named."
)
@airflow_options
@registry_options
def pause(  # noqa: PLR0913, PLR0917 - click hands over each option
    team: str,
    off: bool,
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
            verb = "runs again" if off else "is paused"
            sys.stdout.write(lines(f"{dag} of team {team}" for dag in plan.dags))
            for wait in () if off else plan.waits:
                contact = reading.entries[wait.team].contact.channel or f"team {wait.team}"
                sys.stdout.write(lines([f"  {wait.dag_id} waits for {wait.asset}: tell {one_line(contact)}"]))
            if confirm(f"{'Unpause' if off else 'Pause'} them?", yes=yes):
                for dag in plan.dags:
                    api.set_paused(dag, paused=not off)
                    sys.stdout.write(lines([f"{dag} {verb}"]))

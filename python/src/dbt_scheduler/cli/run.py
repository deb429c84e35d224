"""``run``: triggers a DAG for a period."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from dbt_scheduler.airflow_api.address import ui_url
from dbt_scheduler.cli.airflow_options import BUDGET_SECONDS, airflow_options, connection, open_api
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.shared import exit_on_error, out_option, print_warnings
from dbt_scheduler.output import DeployedDags
from dbt_scheduler.resume.period_runs import PeriodRun, RunRequest, run_period
from dbt_scheduler.schedule.text import format_utc


@click.command(
    epilog=examples(
        "run shop_daily --period 2025-09-09",
        "run shop_daily --period 2025-09-09 --only fct_orders --full-refresh",
    )
)
@click.argument("dag_id")
@click.option(
    "--period",
    required=True,
    metavar="PERIOD",
    help="A day (2025-09-09), hour (2025-09-09T13), week (2025-W37) or month (2025-09) in the pipeline's "
    "timezone.",
)
@click.option(
    "--only", multiple=True, metavar="TASK", help="Run only this task. Can be specified more than once."
)
@click.option(
    "--full-refresh",
    is_flag=True,
    help="Rebuild incremental models and seeds from scratch, like dbt's --full-refresh.",
)
@out_option
@airflow_options
def run(  # noqa: PLR0913, PLR0917 - click passes each option
    dag_id: str,
    period: str,
    only: tuple[str, ...],
    full_refresh: bool,
    out: Path | None,
    airflow: str | None,
    login: str | None,
    password_file: Path | None,
) -> None:
    """Trigger a DAG for a period, unless it already has a run for it.

    With --only or --full-refresh, a new run is always triggered. Sensors and consumers use it as the run of
    that period.
    """
    with exit_on_error():
        spec = DeployedDags(out).spec(dag_id)
        where = connection(spec.airflow_connection, airflow, login, password_file)
        with open_api(where, BUDGET_SECONDS) as api:
            made = run_period(api, spec, period, RunRequest(only, full_refresh), datetime.now(UTC))
            _show(made, ui_url(api.url, made.run.dag_id, made.run.run_id))
        if not made.new:
            sys.exit(1)


def _show(made: PeriodRun, url: str) -> None:
    click.echo(f"{made.run.dag_id} {made.run.run_id}")
    click.echo(f"  interval {format_utc(made.interval.start)} to {format_utc(made.interval.end)} UTC")
    click.echo(f"  {url}")
    if not made.new:
        click.echo(f"the run already exists ({made.run.state}): nothing was triggered", err=True)
        click.echo("  hint: clear the run in Airflow to run it again", err=True)
    if made.paused:
        print_warnings([f"{made.run.dag_id} is paused: its runs start when it is unpaused"])

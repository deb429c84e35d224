"""``resume``: the sweep, by hand."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from dbt_scheduler.airflow_api.client import AirflowApi, AirflowApiError
from dbt_scheduler.cli.airflow_options import airflow_options, connection
from dbt_scheduler.cli.session import Options, read_platform, read_registry
from dbt_scheduler.cli.shared import FOLDER, common, refusals, talk
from dbt_scheduler.findings.finding import NotFoundError
from dbt_scheduler.findings.plural import number
from dbt_scheduler.findings.printable import lines
from dbt_scheduler.resume.sweep import WINDOW, Swept, sweep
from dbt_scheduler.schedule.text import utc


@click.command()
@click.option(
    "--days",
    type=click.IntRange(1, 3660),
    default=WINDOW.days,
    show_default=True,
    help="Look at runs that were due in the last days.",
)
@click.option(
    "--out", type=FOLDER, help="The folder that `compile` wrote, whose registry/ serves if no other is named."
)
@airflow_options
@common
def resume(  # noqa: PLR0913, PLR0917 - click hands over each option
    days: int,
    out: Path | None,
    airflow: str | None,
    login: str | None,
    password_file: Path | None,
    manifest: Path | None,
    **options: Any,  # noqa: ANN401 - from click
) -> None:
    """Let every run go on whose data has arrived, however late; harmless when there is nothing to do."""
    with refusals():
        settings = Options(out=out, **options)
        platform, findings = read_platform([Path()], settings)
        reading = read_registry(platform, settings)
        talk([*findings, *reading.findings])
        if not reading.entries:
            raise NotFoundError("the registry has no teams", "name it with --registry URL, or --out FOLDER")
        where = connection(platform.airflow_connection, airflow, login, password_file)
        try:
            with AirflowApi(where.url, where.login, where.password) as api:
                swept = sweep(api, reading.entries, timedelta(days=days))
        except AirflowApiError as error:
            raise NotFoundError(str(error)) from None
        sys.stdout.write(lines(_lines(swept)))


def _lines(swept: Swept) -> list[str]:
    return [
        *(" ".join((*each.id_[:2], f"{each.task_id} satisfied")) for each in swept.satisfied),
        *(" ".join((*each.id_[:2], f"{each.task_id} not yet: run resume again")) for each in swept.left),
        *(" ".join((*key, "goes on")) for key in swept.healed),
        *(
            f"{miss.task.dag_id} {miss.task.run_id} {miss.key} late: promised by {utc(miss.due)} UTC"
            for miss in swept.misses
        ),
        f"{number(swept.waiting, 'sensor')} waited, {len(swept.satisfied)} satisfied, "
        f"{number(len(swept.healed), 'run')} repaired",
    ]

"""``resume``: runs the sweep manually."""

import sys
from typing import Any

import click

from dbt_scheduler.cli.airflow_session import open_airflow, session_options
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.findings.catalogue.at_run_time import SCH501
from dbt_scheduler.findings.finding import CannotRunError, UsageError
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.findings.printable import lines
from dbt_scheduler.resume.sweep import SweepResult, sweep
from dbt_scheduler.schedule.text import format_utc

_BUDGET_SECONDS = 300


@click.command(epilog=examples("resume", "resume --out out"))
@session_options
def resume(**options: Any) -> None:  # noqa: ANN401 - from click
    """Resume all DAG runs whose data has arrived, however late.

    The command has no effect on other runs.
    """
    with open_airflow(_BUDGET_SECONDS, **options) as (api, registry):
        if not registry.entries:
            raise UsageError("the registry is empty", "set the registry with --registry URL or --out FOLDER")
        result = sweep(api, registry.entries)
        sys.stdout.write(lines(_lines(result)))
        if result.outcome.problem:
            raise CannotRunError.because(SCH501.at("airflow", problem=result.outcome.problem))


def _lines(result: SweepResult) -> list[str]:
    done = result.outcome
    return [
        *(" ".join((*each.id_[:2], f"{each.task_id} satisfied")) for each in done.satisfied),
        *(
            " ".join(
                (*each.id_[:2], f"{each.task_id} is not satisfied yet: run `dbt-scheduler resume` again")
            )
            for each in done.left
        ),
        *(" ".join((*key, "resumed")) for key in done.repaired),
        *(
            f"{miss.task.dag_id} {miss.task.run_id} {miss.key} missed its SLO: due by "
            f"{format_utc(miss.due)} UTC"
            for miss in result.misses
        ),
        f"{format_count(result.waiting, 'sensor')} waiting, {len(done.satisfied)} satisfied, "
        f"{format_count(len(done.repaired), 'run')} resumed",
    ]

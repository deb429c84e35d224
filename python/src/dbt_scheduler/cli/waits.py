"""``waits``: the next runs of a DAG, and what each of them will wait for."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click

from dbt_scheduler.cli.output import Output, as_json
from dbt_scheduler.cli.shared import exit_on_error, out_option, print_warnings
from dbt_scheduler.output import DeployedDags
from dbt_scheduler.spec import DagSpec
from dbt_scheduler.waits.text import render
from dbt_scheduler.waits.upcoming import UpcomingRun, sensors_on, upcoming

_OUTPUT = Output[tuple[DagSpec, Sequence[UpcomingRun]]](
    {"text": lambda found: render(*found), "json": lambda found: as_json(found[1], in_order=True)}
)

_YEARS = range(1970, 9000)
"""Of times that schedules can be worked out around."""


def _moment(_: click.Context, __: click.Parameter, value: str | None) -> datetime:
    """An ISO date or time, in UTC when it names no offset; now when there is none."""
    if value is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f'"{value}" is no time: write 2025-09-09 or 2025-09-09T00:10') from None
    if moment.year not in _YEARS:
        raise click.BadParameter(
            f"the year {moment.year} is not between {_YEARS.start} and {_YEARS.stop - 1}"
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command()
@click.argument("dag_id")
@click.argument("asset", required=False)
@click.option("--runs", "count", type=click.IntRange(1, 1000), default=5, show_default=True)
@click.option(
    "--from",
    "start",
    metavar="ISO-TIME",
    callback=_moment,
    help="Runs due from then on, instead of from now; UTC without an offset.",
)
@out_option
@click.option("--registry", metavar="URL", help="Where the registry is, instead of where the DAG looks.")
@_OUTPUT.option
def waits(  # noqa: PLR0913, PLR0917 - click hands over each option
    dag_id: str,
    asset: str | None,
    count: int,
    start: datetime,
    out: Path | None,
    registry: str | None,
    style: str,
) -> None:
    """Show which producer's run each of the next runs of a DAG will wait for.

    Reads the compiled DAGs and the registry, and asks nothing of Airflow.
    """
    with exit_on_error():
        deployed = DeployedDags(out, registry)
        spec = deployed.spec(dag_id)
        sensors = sensors_on(spec, asset)
        found = upcoming(spec, sensors, lambda sensor: deployed.wait(sensor, spec), start)
        runs = tuple(islice(found, count))
        print_warnings(deployed.warnings)
        _OUTPUT.show(style, (spec, runs))

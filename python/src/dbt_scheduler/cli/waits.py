"""``waits``: shows the next runs of a DAG, and the producer runs they will wait for."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click

from dbt_scheduler.cli.examples import examples
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
"""Years that schedules can be computed for."""


def _moment(_: click.Context, __: click.Parameter, value: str | None) -> datetime:
    """The option's ISO date or time, in UTC if it has no offset; now if it is not given."""
    if value is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f'"{value}" is not a valid time: use 2025-09-09 or 2025-09-09T00:10'
        ) from None
    if moment.year not in _YEARS:
        raise click.BadParameter(
            f"the year {moment.year} is not between {_YEARS.start} and {_YEARS.stop - 1}"
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command(
    epilog=examples("waits shop_daily", "waits shop_daily fct_shipments --runs 10 --from 2025-09-09")
)
@click.argument("dag_id")
@click.argument("asset", required=False)
@click.option(
    "--runs", "count", type=click.IntRange(1, 1000), default=5, show_default=True, help="The number of runs."
)
@click.option(
    "--from",
    "start",
    metavar="ISO-TIME",
    callback=_moment,
    help="Show runs due from this time on; UTC unless it has an offset. Default: now.",
)
@out_option
@click.option(
    "--registry", metavar="URL", help="The URL of the registry. Default: the one that the DAG uses."
)
@_OUTPUT.option
def waits(  # noqa: PLR0913, PLR0917 - click passes each option
    dag_id: str,
    asset: str | None,
    count: int,
    start: datetime,
    out: Path | None,
    registry: str | None,
    style: str,
) -> None:
    """Show the next runs of a DAG, and the producer run that each of them will wait for.

    Reads the compiled DAGs and the registry; does not call Airflow.
    """
    with exit_on_error():
        deployed = DeployedDags(out, registry)
        spec = deployed.spec(dag_id)
        sensors = sensors_on(spec, asset)
        found = upcoming(spec, sensors, lambda sensor: deployed.wait(sensor, spec), start)
        runs = tuple(islice(found, count))
        print_warnings(deployed.warnings)
        _OUTPUT.show(style, (spec, runs))

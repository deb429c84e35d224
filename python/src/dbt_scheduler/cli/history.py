"""``history``: exports Airflow's DAG runs for the registry's pages."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import msgspec

from dbt_scheduler.cli.airflow_options import airflow_options, connection, open_api
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.groups import Group
from dbt_scheduler.cli.session import Options, read_named_registry, read_platform
from dbt_scheduler.cli.shared import FILE, exit_on_error, print_warnings, registry_options, say
from dbt_scheduler.compiler.writing import write_errors_as_findings
from dbt_scheduler.files import write_atomically
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.site.dags import registered_dags
from dbt_scheduler.site.fetching import fetch_runs, find_refused
from dbt_scheduler.site.history import make_history

_SECONDS = 1800
"""For all questions to Airflow: a CI may ask for very many DAGs."""


@click.group(cls=Group, epilog=examples("history export --out history.json"))
def history() -> None:
    """Export the history of DAG runs from Airflow."""


@history.command(epilog=examples("history export --out history.json --days 7"))
@click.option("--out", type=FILE, required=True, help="The file to write, for `registry site --history`.")
@click.option(
    "--days", type=click.IntRange(1, 365), default=30, show_default=True, help="The number of days to export."
)
@airflow_options
@registry_options
def export(
    out: Path,
    days: int,
    airflow: str | None,
    login: str | None,
    password_file: Path | None,
    **options: Any,  # noqa: ANN401 - from click
) -> None:
    """Export the latest runs of the registry's DAGs: when assets were ready, their SLOs, and how long tasks waited.

    Reads the latest 30 runs of each DAG from Airflow.
    """
    with exit_on_error():
        settings = Options(**options)
        platform, _ = read_platform([Path()], settings)
        where = connection(platform.airflow_connection, airflow, login, password_file)
        _, reading = read_named_registry(settings)
        now = datetime.now(UTC).replace(microsecond=0)
        since = now - timedelta(days=days)
        with open_api(where, _SECONDS) as api:
            dags = registered_dags(dict(sorted(reading.entries.items())))
            found = fetch_runs(api, dags, since, now)
            refused = find_refused(api, found.dags) if not found.missing else []
        document = make_history(found.dags, since, now, found.missing)
        with write_errors_as_findings(out):
            write_atomically(out, msgspec.json.encode(document))
        if found.missing:
            what = "; ".join(found.missing)
            print_warnings(
                [f"Airflow did not return all data within {_SECONDS // 60} minutes; missing: {what}"]
            )
        if refused:
            print_warnings(
                [f"the login is not allowed to read the runs of {', '.join(refused)}: they are skipped"]
            )
        elif not document.runs:
            last = f"the last {format_count(days, 'day')}"
            print_warnings(
                [
                    f"Airflow has no runs of the registry's DAGs due in {last}; use --days N to look "
                    "further back"
                ]
            )
        dag_count = len({each.dag.dag_id for each in found.dags if each.runs})
        say(f"{format_count(len(document.runs), 'run')} of {format_count(dag_count, 'DAG')} written to {out}")

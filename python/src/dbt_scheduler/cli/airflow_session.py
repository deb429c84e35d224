"""A session with Airflow's API, and the registry's contents, for commands that change runs in Airflow."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.cli.airflow_options import airflow_options, connection, open_api
from dbt_scheduler.cli.session import Options, read_platform, read_registry
from dbt_scheduler.cli.shared import FOLDER, exit_on_error, print_findings, registry_options
from dbt_scheduler.registry.store import RegistryContents

_Command = TypeVar("_Command", bound=Callable[..., object])


def session_options(command: _Command) -> _Command:
    """Add the options of ``open_airflow``."""
    out = click.option(
        "--out",
        type=FOLDER,
        help="The output folder of `compile`; its registry/ is used if no other registry is configured.",
    )
    return out(airflow_options(registry_options(command)))


@contextmanager
def open_airflow(
    budget_seconds: float,
    *,
    airflow: str | None,
    login: str | None,
    password_file: Path | None,
    **options: Any,  # noqa: ANN401 - from click
) -> Iterator[tuple[AirflowApi, RegistryContents]]:
    """A session with Airflow's API, and the registry's contents, from the ``session_options``.

    Errors that stop the command are printed on stderr, and end it with code 2.
    """
    with exit_on_error():
        settings = Options(**options)
        platform, findings = read_platform([Path()], settings)
        reading = read_registry(platform, settings)
        print_findings([*findings, *reading.findings])
        where = connection(platform.airflow_connection, airflow, login, password_file)
        with open_api(where, budget_seconds) as api:
            yield api, reading

"""The options and the connection of commands that call Airflow's API; passwords are never arguments."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import click
import msgspec

from dbt_scheduler.airflow_api.address import address, token_source
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowApiError
from dbt_scheduler.cli.shared import FILE
from dbt_scheduler.findings.catalogue.at_run_time import SCH501
from dbt_scheduler.findings.finding import CannotRunError, UsageError
from dbt_scheduler.findings.printable import quoted_url, shown_url

PASSWORD = "DBT_SCHEDULER_AIRFLOW_PASSWORD"  # noqa: S105 - the name of a variable
BUDGET_SECONDS = 60
"""The time limit for a command's requests to Airflow; a command with many requests renews it."""
_MOST_CHARACTERS = 10_000
_SCHEMES = ("http", "https")
_Command = TypeVar("_Command", bound=Callable[..., object])


class Connection(msgspec.Struct, frozen=True):
    """The URL and login of Airflow; without a login, requests are anonymous."""

    url: str
    login: str | None = None
    password: str | None = None
    token_source: str | None = None

    def __repr__(self) -> str:
        """Omits the password, so that it never reaches a log."""
        return f"Connection({shown_url(self.url)!r}, {self.login!r})"


class _Parts(msgspec.Struct, frozen=True):
    """A connection in Airflow's JSON form."""

    conn_type: str = ""
    host: str | None = None
    login: str | None = None
    password: str | None = None
    port: int | None = None
    schema: str | None = None
    extra: str | dict[str, object] | None = None

    def __repr__(self) -> str:
        """Omits all values, which may be secret."""
        return "_Parts(...)"


def airflow_options(command: _Command) -> _Command:
    """Add ``--airflow``, ``--login`` and ``--password-file``."""
    for option in (
        click.option(
            "--password-file",
            type=FILE,
            help=f"A file that contains the password. Default: the environment variable {PASSWORD}, or else a prompt.",
        ),
        click.option("--login", metavar="NAME", help="The login for --airflow."),
        click.option(
            "--airflow",
            metavar="URL",
            help="The URL of Airflow. Default: the connection in the environment "
            "variable AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW, or another one that platform.yaml names.",
        ),
    ):
        command = option(command)
    return command


def connection(
    connection_id: str, airflow: str | None, login: str | None, password_file: Path | None
) -> Connection:
    """The connection from the options, or else from the environment variable, in Airflow's own formats.

    Raises UsageError.
    """
    if airflow:
        return _named(airflow, login, password_file)
    variable = f"AIRFLOW_CONN_{connection_id.upper()}"
    written = os.environ.get(variable)
    if not written:
        raise UsageError(
            "no Airflow connection is configured",
            f"set {variable} to http://LOGIN:PASSWORD@HOST:PORT, or pass --airflow URL",
        )
    found = _read(written.strip())
    if found is None:
        raise UsageError(
            f"the environment variable {variable} is not a valid Airflow connection",
            "set it to http://LOGIN:PASSWORD@HOST:PORT, with special characters percent-encoded",
        )
    return found


@contextmanager
def open_api(where: Connection, budget_seconds: float) -> Iterator[AirflowApi]:
    """A session with Airflow's API. Raises CannotRunError if a request fails."""
    try:
        credentials = (where.url, where.login, where.password)
        with AirflowApi(*credentials, budget_seconds=budget_seconds, token_source=where.token_source) as api:
            yield api
    except AirflowApiError as error:  # also raised for an invalid address
        raise CannotRunError.because(SCH501.at("airflow", problem=str(error))) from None


def _named(url: str, login: str | None, password_file: Path | None) -> Connection:
    try:
        parts = urlsplit(url)
    except ValueError:  # an unclosed bracket of an IPv6 address
        parts = urlsplit("")
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise UsageError(f"--airflow is not a URL: {quoted_url(url)}", "use http://HOST:PORT or https://HOST")
    if "@" in parts.netloc:
        raise UsageError(
            "--airflow must not contain credentials: other users of this machine can see them",
            "use --login, and --password-file or the environment variable " + PASSWORD,
        )
    if login is None:
        return Connection(url.rstrip("/"))
    return Connection(url.rstrip("/"), login, _password(login, password_file))


def _password(login: str, file: Path | None) -> str:
    if file is not None:
        try:
            with file.open() as opened:  # may be a pipe, such as <(command) of a shell
                return opened.read(_MOST_CHARACTERS).rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"{file} cannot be read", "correct --password-file") from None
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    if not sys.stdin.isatty():
        raise UsageError(
            f"--login {login} requires a password, and there is no terminal to prompt for it",
            f"use --password-file FILE, or set the environment variable {PASSWORD}",
        )
    asked: str = click.prompt(f"Password for {login}", hide_input=True, err=True)
    return asked


def _read(written: str) -> Connection | None:
    """Parse a connection in Airflow's JSON or URI form; None if it is neither."""
    try:
        parts = msgspec.json.decode(written, type=_Parts) if written.startswith("{") else _split(written)
    except (msgspec.DecodeError, ValueError):
        return None
    return _connection(parts) if parts.host else None


def _split(uri: str) -> _Parts:
    parts = urlsplit(uri)
    query = dict(parse_qsl(parts.query))
    return _Parts(
        conn_type=parts.scheme,
        host=unquote(parts.hostname or "") or None,
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        port=parts.port,
        schema=unquote(parts.path.strip("/")) or query.get("schema"),
        extra=query.pop("__extra__", None) or dict(query),
    )


def _connection(parts: _Parts) -> Connection:
    url = address(parts.conn_type, parts.host, parts.port, parts.schema)
    extra = parts.extra if isinstance(parts.extra, str) else msgspec.json.encode(parts.extra).decode()
    return Connection(url, parts.login, parts.password, token_source(extra))

"""``registry site``: the registry as pages for a browser."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
import msgspec

from dbt_scheduler.cli.session import Options, read_named_registry
from dbt_scheduler.cli.shared import FILE, FOLDER, exit_on_error, registry_options, say
from dbt_scheduler.compiler.writing import write_errors_as_findings
from dbt_scheduler.files import read_inside
from dbt_scheduler.findings.catalogue.inputs import SCH407
from dbt_scheduler.findings.finding import CannotRunError, Finding, UsageError
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.findings.printable import quoted_url, shown_url
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.site.building import build_site
from dbt_scheduler.site.catalogue import Catalogue
from dbt_scheduler.site.documents import FORMAT_VERSION, Findings, History
from dbt_scheduler.site.index import About
from dbt_scheduler.site.writing import NotASiteError, write_site

_Value = TypeVar("_Value")
_MOST_BYTES = 200_000_000


@click.command()
@click.option("--out", type=FOLDER, required=True, help="The folder to write the pages into.")
@click.option("--airflow-url", metavar="URL", help="Where people open Airflow, to link to its DAGs.")
@click.option("--history", type=FILE, help="What `history export` wrote, to show runs and SLOs too.")
@click.option("--findings", type=FILE, help="What `check --format json` printed, to show on teams' pages.")
@registry_options
def site(
    out: Path,
    airflow_url: str | None,
    history: Path | None,
    findings: Path | None,
    **options: Any,  # noqa: ANN401 - from click
) -> None:
    """Write the registry as pages for a browser, to open from disk or to host anywhere.

    Nothing in them asks any other host. A site that is there is replaced.
    """
    with exit_on_error():
        airflow = _link_base(airflow_url)
        found = None if findings is None else Findings(_read(findings, tuple[Finding, ...], "--findings"))
        happened = None if history is None else _history(history)
        url, reading = read_named_registry(Options(**options))
        catalogue = Catalogue(Directory(reading.entries))
        about = About(
            generated_at=datetime.now(UTC).replace(microsecond=0),
            registry=shown_url(url),
            problems=tuple(finding.message for finding in reading.findings),
            airflow_url=airflow,
        )
        with write_errors_as_findings(out):
            try:
                write_site(out, build_site(catalogue, about, happened, found))
            except NotASiteError:
                raise CannotRunError.because(_not_ours(out)) from None
        assets = format_count(len(catalogue.assets), "asset")
        teams = format_count(len(catalogue.teams), "team")
        say(f"{assets} of {teams} written: open {out / 'index.html'}")


def _link_base(url: str | None) -> str | None:
    """Where links to Airflow start.

    Raises:
        UsageError: it is no address that a page may link to.

    """
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket of an IPv6 address that is not closed
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"--airflow-url is no URL: {quoted_url(url)}", "write http://HOST:PORT or https://HOST"
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            f"--airflow-url has more in it than an address: {quoted_url(url)}",
            "leave out the login and everything after a ?: everybody who has the pages can read it",
        )
    return url.rstrip("/")


def _history(file: Path) -> History:
    found = _read(file, History, "--history")
    if found.format_version != FORMAT_VERSION:
        hint = f"this release reads format_version {FORMAT_VERSION}: export it again"
        raise UsageError(f"{file} has format_version {found.format_version}", hint)
    return found


def _read(file: Path, type_: type[_Value], option: str) -> _Value:
    """What another command of ours has written into a file.

    Raises:
        UsageError: it is something else.

    """
    made_by = {"--history": "`history export --out FILE`", "--findings": "`check --format json > FILE`"}[
        option
    ]
    try:
        content = read_inside(file, _MOST_BYTES)
        if len(content) > _MOST_BYTES:
            raise UsageError(f"{file} is too long", f"name what {made_by} writes")
        return msgspec.json.decode(content, type=type_)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", f"correct {option}") from None
    except msgspec.ValidationError:
        raise UsageError(f"{file} is not what {option} takes", f"name what {made_by} writes") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        problem = f"{file} is not what {option} takes: it is not JSON, or it ends in the middle"
        raise UsageError(problem, f"name what {made_by} writes") from None


def _not_ours(out: Path) -> Finding:
    problem = "there are files in this folder that `registry site` did not write"
    return SCH407.at(str(out), problem=problem, hint="name an empty folder, or one that is not there yet")

"""``registry site``: writes the registry as a static website."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
import msgspec

from dbt_scheduler.cli.examples import examples
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


@click.command(
    epilog=examples(
        "registry site --out site",
        "registry site --out site --history history.json --airflow-url https://airflow.example.com",
    )
)
@click.option("--out", type=FOLDER, required=True, help="The folder to write the pages to.")
@click.option("--airflow-url", metavar="URL", help="The URL of Airflow's UI, for links to DAGs.")
@click.option("--history", type=FILE, help="The output of `history export`, to show runs and SLOs.")
@click.option(
    "--findings", type=FILE, help="The output of `check --format json`, to show findings on the teams' pages."
)
@registry_options
def site(
    out: Path,
    airflow_url: str | None,
    history: Path | None,
    findings: Path | None,
    **options: Any,  # noqa: ANN401 - from click
) -> None:
    """Write the registry as a static website, to open from disk or to host anywhere.

    The pages load nothing from other hosts. An existing site in the folder is replaced.
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
    """The base URL of links to Airflow, without a trailing slash.

    Raises:
        UsageError: it is not a URL, or contains credentials or a query.

    """
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:  # an unclosed bracket of an IPv6 address
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"--airflow-url is not a URL: {quoted_url(url)}", "use http://HOST:PORT or https://HOST"
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            f"--airflow-url must not contain credentials or a query: {quoted_url(url)}",
            "everyone who opens the pages can read them",
        )
    return url.rstrip("/")


def _history(file: Path) -> History:
    found = _read(file, History, "--history")
    if found.format_version != FORMAT_VERSION:
        hint = f"this release supports format_version {FORMAT_VERSION}: export the file again"
        raise UsageError(f"{file} has format_version {found.format_version}", hint)
    return found


def _read(file: Path, type_: type[_Value], option: str) -> _Value:
    """The contents of a file that another command wrote.

    Raises:
        UsageError: the file cannot be read, or is not in the format of that command.

    """
    made_by = {"--history": "`history export --out FILE`", "--findings": "`check --format json > FILE`"}[
        option
    ]
    try:
        content = read_inside(file, _MOST_BYTES)
        if len(content) > _MOST_BYTES:
            raise UsageError(f"{file} is too large", f"specify a file written by {made_by}")
        return msgspec.json.decode(content, type=type_)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", f"check the path in {option}") from None
    except msgspec.ValidationError:
        raise UsageError(
            f"{file} is not a valid file for {option}", f"specify a file written by {made_by}"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        problem = f"{file} is not a valid file for {option}: it is not JSON, or it is truncated"
        raise UsageError(problem, f"specify a file written by {made_by}") from None


def _not_ours(out: Path) -> Finding:
    problem = "this folder contains files that `registry site` did not write"
    return SCH407.at(str(out), problem=problem, hint="specify a folder that is empty or does not exist yet")

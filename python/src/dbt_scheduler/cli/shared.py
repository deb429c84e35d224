"""Options, error handling and output that all commands share."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from dbt_scheduler.findings.finding import CannotRunError, Finding, UsageError
from dbt_scheduler.findings.formats import text
from dbt_scheduler.findings.printable import one_line


class _UsablePath(click.Path):
    """A path that may not exist yet; rejects paths that the operating system does not allow."""

    def convert(
        self, value: "str | os.PathLike[str]", param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return path
        except OSError as error:
            self.fail(f"{click.format_filename(path, shorten=True)}: {error.strerror}", param, ctx)
        return path


FOLDER = _UsablePath(file_okay=False)
FILE = _UsablePath(dir_okay=False)
FOLDER_OR_FILE = _UsablePath()
_PROGRESS_BAR_FROM = 5
_Command = TypeVar("_Command", bound=Callable[..., object])

out_option = click.option(
    "--out", type=FOLDER, help="The output folder of `compile`. Default: the current folder, or out/ in it."
)
"""The output folder of `compile`."""


def project_options(command: _Command) -> _Command:
    """The options of commands that read projects."""
    manifest = click.option(
        "--manifest",
        type=FILE,
        help="The manifest to read; requires a single DIR. Default: target/manifest.json in DIR.",
    )
    return registry_options(manifest(command))


def registry_options(command: _Command) -> _Command:
    """Add ``--platform`` and ``--registry``."""
    registry = click.option(
        "--registry", metavar="URL", help="The URL of the registry. Default: registry.url in platform.yaml."
    )
    return platform_option(registry(command))


def platform_option(command: _Command) -> _Command:
    """Add ``--platform``."""
    help_ = "The platform.yaml to use. Default: the nearest one in or above DIR or the current folder."
    return click.option("--platform", type=FILE, help=help_)(command)


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Print errors that stop a command on stderr, and exit with code 2."""
    try:
        yield
    except CannotRunError as error:
        print_findings(error.findings)
        sys.exit(2)
    except UsageError as error:
        say(error.message)
        if error.hint:
            say(f"  hint: {error.hint}")
        sys.exit(2)


def print_findings(findings: Sequence[Finding]) -> None:
    """Print findings on stderr."""
    if findings:
        sys.stderr.write(text.render(findings))


def progress(folders: Sequence[Path]) -> Iterable[Path]:
    """Iterate over the folders; if there are many and stderr is a terminal, show a progress bar."""
    if len(folders) < _PROGRESS_BAR_FROM or not sys.stderr.isatty():
        yield from folders
        return
    with click.progressbar(folders, label="reading teams", file=sys.stderr) as bar:
        yield from bar


def print_warnings(warnings: Sequence[str]) -> None:
    """Print warnings on stderr."""
    for warning in warnings:
        say(f"warning: {warning}")


def say(sentence: str) -> None:
    """Print a line on stderr."""
    click.echo(one_line(sentence), err=True)

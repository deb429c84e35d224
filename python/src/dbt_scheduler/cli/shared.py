"""What all commands share: their common options, how they refuse, and how they talk."""

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
    """A path that may not exist, but could: click asks nothing of one that the operating system refuses."""

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
_WORTH_A_BAR = 5
_Command = TypeVar("_Command", bound=Callable[..., object])

out_option = click.option(
    "--out", type=FOLDER, help="The folder with dags/ in it, instead of this one or out/."
)
"""Where commands find what `compile` wrote."""


def project_options(command: _Command) -> _Command:
    """The options of commands that read projects."""
    manifest = click.option(
        "--manifest", type=FILE, help="The manifest of one DIR, instead of target/manifest.json."
    )
    return registry_options(manifest(command))


def registry_options(command: _Command) -> _Command:
    """The options that say where platform and registry are."""
    registry = click.option(
        "--registry", metavar="URL", help="Where the registry is, instead of where platform.yaml says."
    )
    return platform_option(registry(command))


def platform_option(command: _Command) -> _Command:
    """Add ``--platform``."""
    help_ = "The platform.yaml, instead of the nearest one above DIR or this folder."
    return click.option("--platform", type=FILE, help=help_)(command)


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Turns what stops a command into words on stderr, and exit code 2."""
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
    """Findings, for people."""
    if findings:
        sys.stderr.write(text.render(findings))


def progress(folders: Sequence[Path]) -> Iterable[Path]:
    """A progress bar where somebody is watching and there is something to watch."""
    if len(folders) < _WORTH_A_BAR or not sys.stderr.isatty():
        yield from folders
        return
    with click.progressbar(folders, label="reading teams", file=sys.stderr) as bar:
        yield from bar


def print_warnings(warnings: Sequence[str]) -> None:
    """Sentences, for people."""
    for warning in warnings:
        say(f"warning: {warning}")


def say(sentence: str) -> None:
    """A line on stderr, for people."""
    click.echo(one_line(sentence), err=True)

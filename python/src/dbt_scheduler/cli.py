"""The command line: reads options, calls the layer below, shows what it says, and sets the exit code.

Data goes to stdout, talk to stderr. Exit code 0: clean; 1: findings; 2: could not run.
"""

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import click

from dbt_scheduler import __version__
from dbt_scheduler.compiler.output import write_output, writing
from dbt_scheduler.compiler.specs import Compiled, compile_team
from dbt_scheduler.config import PlatformConfig
from dbt_scheduler.errors import CannotRunError, Finding, Severity
from dbt_scheduler.formats import FORMATS
from dbt_scheduler.graph.workspace import Team
from dbt_scheduler.project.loading import team_name
from dbt_scheduler.registry import Directory
from dbt_scheduler.rules import check as find_all
from dbt_scheduler.session import Options, Session, open_session, read_platform, read_registry
from dbt_scheduler.snapshot import write_snapshot

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_Command = TypeVar("_Command", bound=Callable[..., object])
_WORTH_A_BAR = 5


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dbt-scheduler")
def main() -> None:
    """Airflow DAGs from dbt projects of many teams that wait for each other exactly."""


def _common(command: _Command) -> _Command:
    """The options that all commands share."""
    for option in (
        click.option(
            "--manifest", type=_FILE, help="The manifest of one DIR, instead of target/manifest.json."
        ),
        click.option(
            "--registry", metavar="URL", help="Where the registry is, instead of where platform.yaml says."
        ),
        click.option(
            "--platform", type=_FILE, help="The platform.yaml, instead of the nearest one above DIR."
        ),
    ):
        command = option(command)
    return command


@main.command()
@click.argument("folders", metavar="[DIR]...", nargs=-1, type=_FOLDER)
@click.option("--format", "style", type=click.Choice(sorted(FORMATS)), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@_common
def check(folders: tuple[Path, ...], style: str, *, strict: bool, **options: Any) -> None:  # noqa: ANN401 - from click
    """Show everything that is wrong with the dbt projects in these folders."""
    with _refusals():
        session = _open(folders, Options(**options))
        findings = _findings(session)
        sys.stdout.write(FORMATS[style](findings))
        sys.exit(_exit_code(findings, strict=strict))


@main.command("compile")
@click.argument("folders", metavar="[DIR]...", nargs=-1, type=_FOLDER)
@click.option("--out", type=_FOLDER, required=True, help="The folder to write dags/ and registry/ into.")
@click.option("--strict", is_flag=True, help="Write nothing if there are warnings.")
@_common
def compile_(folders: tuple[Path, ...], out: Path, *, strict: bool, **options: Any) -> None:  # noqa: ANN401 - from click
    """Write the DAG specs and registry entries of the dbt projects in these folders."""
    with _refusals():
        session = _open(folders, Options(out=out, **options))
        findings = _findings(session)
        sys.stderr.write(FORMATS["text"](findings) if findings else "")
        if _exit_code(findings, strict=strict):
            click.echo("nothing was written", err=True)
            sys.exit(1)
        compiled = _compile(session, out)
        write_output(out, compiled)
        click.echo(_written(out, compiled), err=True)


@main.group()
def registry() -> None:
    """Look into the asset registry."""


@registry.command()
@click.option(
    "--dbt-package", "package", type=_FOLDER, required=True, help="The folder to write the package into."
)
@_common
def export(package: Path, manifest: Path | None, **options: Any) -> None:  # noqa: ANN401 - from click
    """Write what the registry knows as a dbt package, for the checks in `dbt compile`."""
    with _refusals():
        settings = Options(**options)
        platform, _ = read_platform([Path()], settings)
        entries, findings = read_registry(platform, settings)
        _talk(findings)
        with writing(package):
            write_snapshot(package, Directory(entries), platform.pipelines, team_name(Path()))
        click.echo(f"{len(entries)} teams written to {package}", err=True)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turns what stops a command into its findings on stderr, and exit code 2."""
    # A command keeps nearly all that it makes: an eighth of its time would go into looking for garbage.
    gc.disable()
    try:
        yield
    except CannotRunError as error:
        _talk(error.findings)
        sys.exit(2)
    finally:
        gc.enable()


def _open(folders: tuple[Path, ...], options: Options) -> Session:
    if options.manifest and len(folders) > 1:
        raise click.UsageError("--manifest goes with one DIR")
    return open_session(list(dict.fromkeys(folders)) or (Path(),), options, _progress)


def _progress(folders: Sequence[Path]) -> Iterable[Path]:
    """A progress bar where somebody is watching and there is something to watch."""
    if len(folders) < _WORTH_A_BAR or not sys.stderr.isatty():
        yield from folders
        return
    with click.progressbar(folders, label="reading teams", file=sys.stderr) as bar:
        yield from bar


def _findings(session: Session) -> tuple[Finding, ...]:
    found = (*session.findings, *find_all(session.workspace))
    return tuple(sorted(found, key=Finding.sort_key))


def _exit_code(findings: Iterable[Finding], *, strict: bool) -> int:
    bad = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    return int(any(finding.severity in bad for finding in findings))


def _compile(session: Session, out: Path) -> list[Compiled]:
    workspace = session.workspace
    return [
        compile_team(team, workspace, _project_folder(team, workspace.platform, out / "dags"))
        for team in workspace.teams
    ]


def _project_folder(team: Team, platform: PlatformConfig, specs: Path) -> str:
    """Where tasks find the team's project: below the platform's folder of projects, else from the spec's."""
    if platform.dbt.projects_dir is not None:
        return str(PurePosixPath(platform.dbt.projects_dir) / team.project.team)
    return os.path.relpath(team.project.folder, specs)


def _written(out: Path, compiled: Sequence[Compiled]) -> str:
    specs = [spec for team in compiled for spec in team.specs]
    tasks = sum(len(spec.tasks) for spec in specs)
    sensors = sum(len(spec.sensors) for spec in specs)
    assets = sum(len(team.entry.produced) for team in compiled)
    return f"{len(specs)} DAGs, {tasks} tasks, {sensors} sensors, {assets} assets written to {out}"


def _talk(findings: Sequence[Finding]) -> None:
    if findings:
        sys.stderr.write(FORMATS["text"](findings))

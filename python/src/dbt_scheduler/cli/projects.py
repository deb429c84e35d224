"""``check`` and ``compile``: check teams' projects, and write their DAG specs and registry entries."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import click

from dbt_scheduler.checks import check as find_all
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.output import Output
from dbt_scheduler.cli.session import Options, Session, open_session
from dbt_scheduler.cli.shared import (
    FOLDER,
    FOLDER_OR_FILE,
    exit_on_error,
    print_findings,
    print_warnings,
    progress,
    project_options,
    say,
)
from dbt_scheduler.compiler.specs import CompiledTeam, compile_team
from dbt_scheduler.compiler.writing import write_output
from dbt_scheduler.config.types import PlatformConfig
from dbt_scheduler.findings.finding import Finding, Severity, UsageError
from dbt_scheduler.findings.formats import formats
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.graph.workspace import Team

_YAML = (".yaml", ".yml")
_OF_A_PROJECT = ("dbt_project.yml", "scheduler.yaml", "scheduler.yml", "manifest.json")

_OUTPUT = Output[Sequence[Finding]](
    {name: each.render for name, each in formats().items()},
    default="text",
    text=", ".join(f"{name}: {each.description}" for name, each in formats().items()) + ".",
)


@click.command(epilog=examples("check", "check shop shipping --strict", "check shop --format github"))
@click.argument("paths", metavar="[DIR|FILE]...", nargs=-1, type=FOLDER_OR_FILE)
@_OUTPUT.option
@click.option("--strict", is_flag=True, help="Exit with code 1 for warnings too.")
@project_options
def check(paths: tuple[Path, ...], style: str, *, strict: bool, **options: Any) -> None:  # noqa: ANN401 - from click
    """Check the dbt projects in these folders, and show all findings.

    FILE is an external_assets.yaml, which declares assets of hand-written DAGs.
    """
    with exit_on_error():
        session = _open(paths, Options(**options))
        findings = _findings(session)
        _OUTPUT.show(style, findings)
        sys.exit(_exit_code(findings, strict=strict))


@click.command("compile", epilog=examples("compile shop shipping external_assets.yaml --out out"))
@click.argument("paths", metavar="[DIR|FILE]...", nargs=-1, type=FOLDER_OR_FILE)
@click.option("--out", type=FOLDER, required=True, help="The folder to write dags/ and registry/ to.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors: write nothing if there are any.")
@project_options
def compile_(paths: tuple[Path, ...], out: Path, *, strict: bool, **options: Any) -> None:  # noqa: ANN401 - from click
    """Compile the dbt projects in these folders to DAG specs and registry entries.

    FILE is an external_assets.yaml, which declares assets of hand-written DAGs and becomes a registry entry.
    """
    with exit_on_error():
        session = _open(paths, Options(out=out, **options))
        findings = _findings(session)
        print_findings(findings)
        if _exit_code(findings, strict=strict):
            say("nothing was written")
            sys.exit(1)
        compiled = _compile(session, out)
        write_output(out, compiled, session.versions)
        say(_written(out, compiled))


def _open(paths: tuple[Path, ...], options: Options) -> Session:
    paths = paths or (Path(),)
    files = [path for path in paths if path.is_file() or (path.suffix in _YAML and not path.is_dir())]
    folders = [path for path in paths if path not in files]
    for path in paths:
        _refuse_file_of_project(path)
    if options.manifest and len(folders) != 1:
        raise click.UsageError("--manifest requires exactly one DIR")
    session = open_session([*dict.fromkeys(folders)], options, progress, [*dict.fromkeys(files)])
    print_warnings(session.warnings)
    return session


def _refuse_file_of_project(path: Path) -> None:
    """Raise UsageError: taken for external assets, the file would have a finding for each of its keys."""
    if path.name in _OF_A_PROJECT and not path.is_dir():
        folder = path.parent.parent if path.name == "manifest.json" else path.parent
        raise UsageError(
            f"{path} is a file of a dbt project", f"specify the project's folder instead: {folder}"
        )


def _findings(session: Session) -> tuple[Finding, ...]:
    found = (*session.findings, *find_all(session.workspace))
    return tuple(sorted(found, key=Finding.sort_key))


def _exit_code(findings: Iterable[Finding], *, strict: bool) -> int:
    bad = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    return int(any(finding.severity in bad for finding in findings))


def _compile(session: Session, out: Path) -> list[CompiledTeam]:
    workspace = session.workspace
    external = [CompiledTeam(each.team, (), each.entry) for each in workspace.external]
    return external + [
        compile_team(team, workspace, _project_folder(team, workspace.platform, out / "dags"))
        for team in workspace.teams
    ]


def _project_folder(team: Team, platform: PlatformConfig, specs: Path) -> str:
    """The path of the project for tasks: in the platform's ``projects_dir``, or else relative to the specs' folder."""
    if platform.dbt.projects_dir is not None:
        return str(PurePosixPath(platform.dbt.projects_dir) / team.project.team)
    return os.path.relpath(team.project.folder, specs)


def _written(out: Path, compiled: Sequence[CompiledTeam]) -> str:
    specs = [spec for team in compiled for spec in team.specs]
    tasks = sum(len(spec.tasks) for spec in specs)
    sensors = sum(len(spec.sensors) for spec in specs)
    assets = sum(len(team.entry.produced) for team in compiled)
    counts = {"DAG": len(specs), "task": tasks, "sensor": sensors, "asset": assets}
    return f"{', '.join(format_count(count, noun) for noun, count in counts.items())} written to {out}"

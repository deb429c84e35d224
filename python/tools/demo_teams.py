"""The first half of the demo: compiles dbt projects to DAG specs and registry entries, as in a team's CI."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from demo_processes import Login
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / ".demo"
TEAMS = DEMO / "teams"
OUT = DEMO / "out"
BIN = Path(sys.executable).parent
_RUN_HERE = {"dbt", "universal"}


Step = Callable[[Path], None]
"""A step for one team's project."""


class FailedError(Exception):
    """A step of the demo failed; the message has the step and its output."""


def environment() -> dict[str, str]:
    """The environment of this process without settings of dbt, Airflow and Python, and with its commands on the PATH."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW", "DBT_", "PYTHON"))
    }
    direct = {name: f"127.0.0.1,{kept.get(name, '')}" for name in ("NO_PROXY", "no_proxy")}
    return {**kept, **direct, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


def copy_teams() -> None:
    """Copy the example teams, so that the demo writes nothing to integration_tests."""
    shutil.rmtree(DEMO, ignore_errors=True)
    shutil.copytree(
        ROOT / "integration_tests" / "teams",
        TEAMS,
        ignore=shutil.ignore_patterns(
            "target", "logs", "dbt_packages", ".dbt_scheduler", "expected", "*.duckdb"
        ),
    )


def compile_teams(console: Console) -> None:
    """Compile the specs and registry entries of all teams.

    Teams that depend on each other publish their exposed assets before they read each other's: so each project is
    parsed and compiled once for its registry entry, and then checked against all entries.
    """
    names = [path.name for path in _projects()]
    _all_teams(_export, _dbt("deps"), _dbt("parse"))
    _scheduler("compile", *names, "--out", str(OUT))
    console.print("dbt deps, dbt parse, first registry entries: done")
    _all_teams(_export, _dbt("compile", "--no-populate-cache"))
    console.print("dbt compile, with the registry entries of all teams: done")
    console.print("[bold]dbt-scheduler check[/]")
    console.print(_scheduler("check", *names).rstrip() or "no findings", markup=False)
    console.print("[bold]dbt-scheduler compile[/]")
    console.print(_scheduler("compile", *names, "--out", str(OUT)).rstrip(), markup=False)


def publish() -> None:
    """Compile all teams again, after a change to their files."""
    _scheduler("compile", *(path.name for path in _projects()), "--out", str(OUT))


def sweep(url: str, login: Login | None) -> None:
    """Run the sweep, which an Airflow with scheduling runs every few minutes."""
    as_whom = ["--login", login.name] if login else []
    password = {"DBT_SCHEDULER_AIRFLOW_PASSWORD": login.password} if login else {}
    command = [str(BIN / "dbt-scheduler"), "resume", "--out", str(OUT), "--airflow", url, *as_whom]
    run(command, TEAMS, **password)


def show_compiled(console: Console) -> None:
    """Print the compiled DAGs with their numbers of tasks and sensors, and the exposed assets."""
    dags = Table("DAG", "tasks", "sensors", "waits for", box=None, title="DAGs", title_justify="left")
    for spec in specs():
        waits = [f"{s['team']}.{s['asset']}" + _unless_hard(s["dependency"]) for s in spec["sensors"]]
        dags.add_row(spec["dag_id"], str(len(spec["tasks"])), str(len(waits)), ", ".join(waits))
    console.print(dags)
    console.print("[bold]dbt-scheduler registry list[/]")
    console.print(_scheduler("registry", "list", "--registry", (OUT / "registry").as_uri()), markup=False)


def leave_out_unrunnable(console: Console) -> list[str]:
    """The DAGs that can run here; DAGs with tasks in Google Cloud are hidden from Airflow."""
    runnable, others = [], []
    for spec in specs():
        elsewhere = sorted({task["kind"] for task in spec["tasks"]} - _RUN_HERE)
        (others if elsewhere else runnable).append(spec["dag_id"])
        if elsewhere:
            console.print(f"skipped: {spec['dag_id']}, because it has a task of kind {elsewhere[0]}")
    (OUT / "dags" / ".airflowignore").write_text("".join(f"{dag_id}.py\n" for dag_id in others))
    return runnable


def specs() -> list[dict]:
    """The compiled DAG specs, by dag_id."""
    return [_read(path) for path in sorted((OUT / "dags").glob("*.json"))]


def run(command: list[str], cwd: Path, **more: str) -> str:
    """Run a command with additional variables; returns its output. FailedError with the end of it if it fails."""
    done = subprocess.run(  # noqa: S603 - the demo's own commands
        command, cwd=cwd, env={**environment(), **more}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        shown = " ".join([Path(command[0]).name, *command[1:]])
        raise FailedError(f"{shown} (in {cwd.name}) failed\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout + done.stderr


def _projects() -> list[Path]:
    return sorted(path.parent for path in TEAMS.glob("*/dbt_project.yml"))


def _all_teams(*steps: Step) -> None:
    """Run these steps for all teams in parallel."""

    def prepare(project: Path) -> None:
        for step in steps:
            step(project)

    with ThreadPoolExecutor() as pool:
        list(pool.map(prepare, _projects()))


def _dbt(*arguments: str) -> Step:
    def step(project: Path) -> None:
        run([str(BIN / "dbt"), "--no-version-check", "--no-use-colors", *arguments], project)

    return step


def _export(project: Path) -> None:
    registry = (OUT / "registry").as_uri()
    package = [*("--dbt-package", ".dbt_scheduler/registry"), *("--registry", registry)]
    run([str(BIN / "dbt-scheduler"), "registry", "export", *package], project)


def _scheduler(*arguments: str) -> str:
    return run([str(BIN / "dbt-scheduler"), *arguments], TEAMS)


def _unless_hard(dependency: str) -> str:
    return "" if dependency == "hard" else f" ({dependency})"


def _read(path: Path) -> dict:
    return json.loads(path.read_text())

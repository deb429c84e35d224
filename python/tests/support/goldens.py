"""Runs the real commands on ``integration_tests/``; all they say is kept in files beside the input."""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
INTEGRATION = ROOT / "integration_tests"
COMMANDS = Path(os.environ["FORKED_COMMANDS"])  # conftest.py starts them
_MADE_BY_DBT = shutil.ignore_patterns(
    "target", "logs", "dbt_packages", ".dbt_scheduler", "*.duckdb", "expected*"
)


def copy_projects(source: Path, target: Path) -> None:
    """A copy in which dbt may write, and which still finds the dbt package at the top of the repository."""
    shutil.copytree(source, target, ignore=_MADE_BY_DBT)
    for packages in target.rglob("packages.yml"):
        packages.write_text(re.sub(r"local: \.\.(/\.\.)*(?=\s|$)", f"local: {ROOT}", packages.read_text()))


def run(command: str, *arguments: str | Path, cwd: Path, expect: int | None = 0, **more: str) -> str:
    """What a command of this environment prints; ``expect`` is the exit code that it must have.

    ``more`` are further variables of its environment.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "AIRFLOW"))}
    env |= {"DO_NOT_TRACK": "1", "NO_COLOR": "1", **more}
    done = subprocess.run(
        [COMMANDS / command, *map(str, arguments)],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    text = done.stdout + done.stderr
    assert expect is None or done.returncode == expect, f"{command} exited with {done.returncode}:\n{text}"
    return text


def dbt(*arguments: str, cwd: Path, expect: int | None = 0, **more: str) -> str:
    """What dbt prints, without the time of day at the start of each line."""
    text = run("dbt", "--no-use-colors", "--no-version-check", *arguments, cwd=cwd, expect=expect, **more)
    return re.sub(r"(?m)^\d\d:\d\d:\d\d  ?", "", text)


def read_tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its relative path."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text() for path in files}

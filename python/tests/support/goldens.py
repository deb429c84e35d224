"""Runs the real commands on ``integration_tests/`` and compares their whole output with files next to the input."""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
INTEGRATION = ROOT / "integration_tests"
COMMANDS = Path(os.environ["FORKED_COMMANDS"])  # started in conftest.py
_MADE_BY_DBT = shutil.ignore_patterns(
    "target", "logs", "dbt_packages", ".dbt_scheduler", "*.duckdb", "expected*"
)


def copy_projects(source: Path, target: Path) -> None:
    """Copy projects, so that dbt can write to them and still finds the dbt package at the root of the repository."""
    shutil.copytree(source, target, ignore=_MADE_BY_DBT)
    for packages in target.rglob("packages.yml"):
        packages.write_text(re.sub(r"local: \.\.(/\.\.)*(?=\s|$)", f"local: {ROOT}", packages.read_text()))


def run(command: str, *arguments: str | Path, cwd: Path, expect: int | None = 0, **more: str) -> str:
    """The output of a command of this environment; ``expect`` is its required exit code.

    ``more`` are additional environment variables.
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
    """The output of dbt, without the time at the start of each line."""
    text = run("dbt", "--no-use-colors", "--no-version-check", *arguments, cwd=cwd, expect=expect, **more)
    return re.sub(r"(?m)^\d\d:\d\d:\d\d  ?", "", text)


def read_tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its relative path."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text() for path in files}

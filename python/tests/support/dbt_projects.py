"""Small dbt projects for tests, with this repository's package installed, and dbt to run on them."""

import json
import os
import shutil
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

from dbt_scheduler.spec import DagSpec
from goldens import COMMANDS

ROOT = Path(__file__).parents[3]

# The project's text files by path; mappings are written as YAML.
Files = dict[str, Any]


def make_project(folder: Path, files: Files, *, registry: dict[str, Any] | None = None) -> Path:
    """Write a DuckDB project called ``playground``, with the snapshot package if a registry is given."""
    snapshot = folder / ".dbt_scheduler" / "registry"
    listed = [{"local": str(ROOT)}] + ([{"local": ".dbt_scheduler/registry"}] if registry else [])
    base: Files = {
        "dbt_project.yml": {"name": "playground", "version": "1.0", "profile": "playground"},
        "profiles.yml": {
            "playground": {
                "target": "dev",
                "outputs": {"dev": {"type": "duckdb", "path": ":memory:"}},
            }
        },
        "packages.yml": {"packages": listed},
    }
    base["dbt_project.yml"]["flags"] = {"send_anonymous_usage_stats": False, "validate_macro_args": True}
    if registry:
        base[".dbt_scheduler/registry/dbt_project.yml"] = {"name": "dbt_scheduler_registry", "version": "1.0"}
        base[".dbt_scheduler/registry/macros/snapshot.sql"] = _snapshot(registry)
    for name, content in merged(base, files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    packages = {"dbt_scheduler": ROOT} | ({"dbt_scheduler_registry": snapshot} if registry else {})
    (folder / "dbt_packages").mkdir()
    for name, path in packages.items():
        (folder / "dbt_packages" / name).symlink_to(path)  # the effect of `dbt deps`, which other tests run
    return folder


def merged(base: Files, files: Files) -> Files:
    """Add files to other files: mappings with the same path are merged at their first level."""
    both = {name: {**base[name], **files[name]} for name in base if isinstance(files.get(name), dict)}
    return {**base, **files, **both}


def dbt(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run dbt like a user, with plain output."""
    command = [COMMANDS / "dbt", "--no-use-colors", "--log-format-file", "json", *arguments]
    env = {k: v for k, v in os.environ.items() if not k.startswith("DBT_")} | environment
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def run_tasks(spec: DagSpec, project: Path) -> set[str]:
    """Run dbt for each task of a DAG whose parents all succeeded, like Airflow; returns the tasks that succeeded."""
    tasks = {task.task_id: task for task in spec.tasks}
    passed: set[str] = set()
    for task_id in TopologicalSorter({name: task.upstream for name, task in tasks.items()}).static_order():
        if passed.issuperset(tasks[task_id].upstream):
            words = [word for word in tasks[task_id].arguments["command"][1:] if word != "--no-use-colors"]
            passed |= {task_id} if dbt(project, *words).returncode == 0 else set()
    return passed


class ManyProjects:
    """One dbt process and one target for many projects, so that dbt reads its own macros only once."""

    def __init__(self, target: Path) -> None:
        self._target = target
        env = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
        self._dbt = subprocess.Popen(
            [COMMANDS / "dbt-each-line"],
            cwd=target,
            env=env | {"DO_NOT_TRACK": "1"},
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, command: str, project: Path, profiles: Path) -> None:
        """Parse or compile a project, which writes its manifest."""
        assert self._dbt.stdin
        assert self._dbt.stdout
        options = ["--quiet", "--no-version-check", "--target-path", str(self._target)]
        options += ["--no-populate-cache"] if command == "compile" else []
        places = ["--project-dir", str(project), "--profiles-dir", str(profiles)]
        self._dbt.stdin.write(json.dumps([command, *options, *places]) + "\n")
        self._dbt.stdin.flush()
        problem = json.loads(self._dbt.stdout.readline())
        assert problem is None, (project, problem)
        (project / "target").mkdir(exist_ok=True)
        shutil.copy(self._target / "manifest.json", project / "target")

    def end(self) -> None:
        self._dbt.communicate()


def _snapshot(registry: dict[str, Any]) -> str:
    text = json.dumps(registry)
    assert "endraw" not in text
    return (
        "{% macro snapshot() %}{% set document %}{% raw %}"
        f"{text}"
        "{% endraw %}{% endset %}{{ return(fromjson(document)) }}{% endmacro %}"
    )

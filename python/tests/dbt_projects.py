"""Small dbt projects for tests, with the package of this repository installed, and dbt to run on them."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from goldens import COMMANDS

ROOT = Path(__file__).parents[2]

# The project's text files by path; mappings become YAML.
Files = dict[str, Any]


def make_project(folder: Path, files: Files, *, registry: dict[str, Any] | None = None) -> Path:
    """Write a DuckDB project called ``playground``, with the snapshot package if a registry is given."""
    packages = [{"local": str(ROOT)}] + ([{"local": ".dbt_scheduler/registry"}] if registry else [])
    base: Files = {
        "dbt_project.yml": {"name": "playground", "version": "1.0", "profile": "playground"},
        "profiles.yml": {
            "playground": {
                "target": "dev",
                "outputs": {"dev": {"type": "duckdb", "path": ":memory:"}},
            }
        },
        "packages.yml": {"packages": packages},
    }
    base["dbt_project.yml"]["flags"] = {"send_anonymous_usage_stats": False, "validate_macro_args": True}
    if registry:
        base[".dbt_scheduler/registry/dbt_project.yml"] = {"name": "dbt_scheduler_registry", "version": "1.0"}
        base[".dbt_scheduler/registry/macros/snapshot.sql"] = _snapshot(registry)
    for name, content in merged(base, files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    assert dbt(folder, "deps").returncode == 0
    return folder


def merged(base: Files, files: Files) -> Files:
    """Files over files: mappings of one path are joined at their first level."""
    both = {name: {**base[name], **files[name]} for name in base if isinstance(files.get(name), dict)}
    return {**base, **files, **both}


def dbt(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run dbt as a user does, with plain output; the log of its standard output is what it prints."""
    command = [COMMANDS / "dbt", "--no-use-colors", "--log-format-file", "json", *arguments]
    env = {k: v for k, v in os.environ.items() if not k.startswith("DBT_")} | environment
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def _snapshot(registry: dict[str, Any]) -> str:
    text = json.dumps(registry)
    assert "endraw" not in text
    return (
        "{% macro snapshot() %}{% set document %}{% raw %}"
        f"{text}"
        "{% endraw %}{% endset %}{{ return(fromjson(document)) }}{% endmacro %}"
    )

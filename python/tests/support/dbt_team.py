"""A real dbt project on DuckDB, compiled to DAG specs for the Airflow of these tests."""

import os
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import yaml

from dbt_scheduler.spec import DagSpec
from goldens import COMMANDS

DBT = str(COMMANDS / "dbt")
_PLATFORM = {
    "version": 1,
    "pipelines": {"daily": {"cron": "10 0 * * *", "grain": "day"}},
    "defaults": {"retries": 0},
    "dbt": {"command": DBT, "pool": "default_pool"},
}


class DbtTeam:
    """The team ``shop`` in a folder next to ``dags``; its warehouse can be queried without dbt."""

    def __init__(self, root: Path, files: dict[str, Any], **project: Any) -> None:
        self.folder = root / "shop"
        self._root = root
        self._platform = root / "platform.yaml"
        self._platform.write_text(yaml.safe_dump(_PLATFORM))
        output = {"type": "duckdb", "path": str(root / "shop.duckdb"), "threads": 1}
        flags = {"send_anonymous_usage_stats": False, **project.pop("flags", {})}
        base = {"name": "shop", "profile": "shop", "flags": flags, "models": {"+materialized": "table"}}
        base_files: dict[str, Any] = {
            "dbt_project.yml": {**base, **project},
            "profiles.yml": {"shop": {"target": "dev", "outputs": {"dev": output, "prod": output}}},
            "scheduler.yaml": "version: 0.17\nteam: shop\nexposed_assets: [{regex: '.*'}]\n",
        }
        for name, content in (base_files | files).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))

    def compile(self, **env: str) -> DagSpec:
        """Compile the project in its current state; dbt gets these environment variables."""
        self._run([DBT, "parse", "--quiet"], self.folder, **env)
        command = [str(COMMANDS / "dbt-scheduler"), "compile", "shop", "--out", "."]
        self._run([*command, "--platform", str(self._platform)], self._root)
        return msgspec.json.decode((self._root / "dags/shop_daily.json").read_bytes(), type=DagSpec)

    def sql(self, query: str) -> list[Any]:
        """The first column of a query's result."""
        with duckdb.connect(str(self._root / "shop.duckdb")) as connection:
            return [row[0] for row in connection.execute(query).fetchall()]

    @staticmethod
    def _run(command: list[str], folder: Path, **env: str) -> None:
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

"""Measures the package's share of `dbt compile`: CPU seconds of a generated project with and without it."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from dbt_common.events.base_types import EventMsg

ROOT = Path(__file__).parents[2]
ANALYSIS = "analysis.dbt_scheduler.dbt_scheduler_validate"
PIPELINES = (["daily"], ["hourly"], ["hourly", "daily"])
SNAPSHOT = """\
{% macro snapshot() %}{% set document %}{% raw %}
{"format_version": 1, "team": null, "pipelines": ["daily", "hourly"], "teams": {}, "assets": {}}
{% endraw %}{% endset %}{{ return(fromjson(document)) }}{% endmacro %}
"""


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=2000)
    parser.add_argument("--all-different", action="store_true", help="no two nodes with the same settings")
    parser.add_argument("--compile", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.compile:
        return compile_here(options.compile)
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        write_project(project, options.models, all_different=options.all_different)
        without, _ = measure(project, packages=[])
        package, checking = measure(project, packages=[{"local": str(ROOT)}, {"local": "registry"}])
    print(
        f"dbt compile of {options.models} models: {without:.1f} CPU s without the package, {package:.1f} with"
    )
    print(f"ratio {package / without:.3f}; of it, validate(): {checking:.2f} CPU s, {checking / package:.2%}")
    return None


def write_project(folder: Path, models: int, *, all_different: bool) -> None:
    """Write models that read up to two others, in twenty folders with a properties file each."""
    profile = {"target": "dev", "outputs": {"dev": {"type": "duckdb", "path": ":memory:"}}}
    write(folder / "profiles.yml", {"bench": profile})
    flags = {"send_anonymous_usage_stats": False}
    write(folder / "dbt_project.yml", {"name": "bench", "version": "1.0", "profile": "bench", "flags": flags})
    write(folder / "registry/dbt_project.yml", {"name": "dbt_scheduler_registry", "version": "1.0"})
    write(folder / "registry/macros/snapshot.sql", SNAPSHOT)
    for at in range(20):
        described = [described_model(number, all_different) for number in range(at, models, 20)]
        write(folder / f"models/domain_{at}/models.yml", {"models": described})
    for number in range(models):
        parents = [f"ref('model_{read}')" for read in {number // 2, number // 3} if read < number]
        lines = ["select 1 as id", *(f"union all select * from {{{{ {read} }}}}" for read in parents)]  # noqa: S608
        write(folder / f"models/domain_{number % 20}/model_{number}.sql", "\n".join(lines))


def described_model(number: int, all_different: bool) -> dict[str, object]:
    """The properties of a model; as in real projects, about a tenth of the models have unique settings."""
    scheduler: dict[str, object] = {
        "pipelines": PIPELINES[number % 3],
        "owners": [f"@owner.{number % 20}"],
        "retries": number if all_different else number % 3,
    }
    if number % 10 == 0 and number:
        scheduler["dependencies"] = {f"model_{number // 2}": "soft"}
    tests = [{"name": "id", "description": "The key.", "data_tests": ["not_null"]}]
    return {"name": f"model_{number}", "config": {"meta": {"scheduler": scheduler}}, "columns": tests}


def write(path: Path, content: object) -> None:
    """Write text unchanged, and anything else as YAML."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))


def measure(folder: Path, packages: list[dict[str, str]]) -> tuple[float, float]:
    """CPU seconds of `dbt compile` on a parsed project, and of the validating analysis in it."""
    write(folder / "packages.yml", {"packages": packages})
    environment = {**os.environ, "DBT_PROFILES_DIR": str(folder)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    dbt = str(Path(sys.executable).with_name("dbt"))
    for command in ([dbt, "--quiet", "deps"], [dbt, "--quiet", "parse"]):
        subprocess.run(command, cwd=folder, env=environment, check=True)
    command = [sys.executable, __file__, "--compile", str(folder)]
    printed = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    total, checking = printed.stdout.split()[-2:]
    return float(total), float(checking)


def compile_here(folder: str) -> None:
    """Compile in this process with one thread, so that the CPU time during a node is that of the node."""
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - the import is part of the measurement

    at: dict[str, float] = {}

    def watch(event: "EventMsg") -> None:
        name = event.info.name
        if name in {"NodeStart", "NodeFinished"} and event.data.node_info.unique_id == ANALYSIS:
            at[name] = time.process_time()

    compiled = dbtRunner(callbacks=[watch]).invoke(
        ["--quiet", "compile", "--threads", "1", "--project-dir", folder]
    )
    assert compiled.success, compiled.exception
    print(time.process_time(), at.get("NodeFinished", 0.0) - at.get("NodeStart", 0.0))


if __name__ == "__main__":
    main()

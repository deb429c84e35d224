"""One dbt task's CPU seconds on projects of any size: the plain command, a slice, and a slice in a warm fork."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

BIN = Path(sys.executable).parent
ROUNDS = 5
FOLDERS = 20
MODEL = "m_1"
_WARM = """\
import os, resource, sys
from pathlib import Path
from dbt_scheduler.airflow.forked import ForkedProcess
from dbt_scheduler.dbt.sliced import main
from dbt_scheduler.dbt.warm import warm
warm()
rounds, *words = sys.argv[1:]
for _ in range(int(rounds)):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = ForkedProcess(lambda: main(words), Path.cwd(), dict(os.environ))
    output = process.stdout.read().decode()
    assert process.wait() == 0 and "PASS=3" in output and "plain command" not in output, output
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
"""


def main(sizes: list[int]) -> None:
    """Print a line for each size."""
    print(f"{'models':>8}{'plain':>9}{'slice':>9}{'preloaded':>11}{'slicing':>9}  CPU s, medians of {ROUNDS}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as root:
            print(
                f"{size:>8}{'{:>9.2f}{:>9.2f}{:>11.2f}{:>9.1f}'.format(*_measure(Path(root), size))}",
                flush=True,
            )


def _measure(folder: Path, size: int) -> tuple[float, float, float, float]:
    _write_project(folder, size)
    slicing = _cpu([BIN / "dbt-scheduler", "slice", "."], folder)
    command = [BIN / "dbt", *_build()]
    plain = median(_cpu(command, folder) for _ in range(ROUNDS))
    sliced = median(_cpu([BIN / "dbt-sliced", *command], folder) for _ in range(ROUNDS))
    preloaded = _run([sys.executable, "-c", _WARM, ROUNDS, *command], folder).split()
    return plain, sliced, median(map(float, preloaded)), slicing


def _build() -> list[str]:
    """What the compiler writes for the model and its two tests."""
    tests = [f"fqn:shop.f1.{kind}_{MODEL}_id" for kind in ("not_null", "unique")]
    select = ["--select", f"fqn:shop.f1.{MODEL}", *tests, "--indirect-selection", "empty"]
    strict = ["--warn-error-options", '{"error": ["NoNodesForSelectionCriteria"]}']
    lean = ["--no-write-json", "--cache-selected-only", "--no-use-colors"]
    return ["build", *select, "--exclude-resource-type", "unit_test", *strict, *lean]


def _write_project(folder: Path, size: int) -> None:
    flags = "flags: {send_anonymous_usage_stats: false}"
    (folder / "dbt_project.yml").write_text(f"name: shop\nprofile: shop\n{flags}\n")
    output = "{type: duckdb, path: shop.duckdb, threads: 1}"
    (folder / "profiles.yml").write_text(f"shop: {{target: dev, outputs: {{dev: {output}}}}}\n")
    for number in range(FOLDERS):
        (folder / f"models/f{number}").mkdir(parents=True)
    for number in range(size):
        place = folder / f"models/f{number % FOLDERS}/m_{number}"
        parent = f" from {{{{ ref('m_{number - FOLDERS}') }}}}" if number >= FOLDERS else ""
        place.with_suffix(".sql").write_text(f"select 1 as id{parent}\n")
        columns = "[{name: id, description: its key, data_tests: [unique, not_null]}]"
        place.with_suffix(".yml").write_text(
            f"models: [{{name: m_{number}, description: some, columns: {columns}}}]\n"
        )


def _cpu(command: list[object], folder: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(command, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run(command: list[object], folder: Path) -> str:
    # A process that could not write its bytecode would compile every module again.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode or "plain command runs" in done.stdout:
        raise SystemExit(f"{command} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [200, 2000])

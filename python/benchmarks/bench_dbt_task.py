"""Measures the CPU seconds of one dbt task on projects of several sizes: dbt alone, ours, and each of the peers.

    python bench_dbt_task.py [200 2000] [--peers FOLDER] [--rounds 3]

FOLDER has the peers' environments (``python peers/install.py FOLDER``). The task builds one model and runs its two
tests, except with dmp-af, which runs tests in separate tasks. All have the files for partial parsing.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

BIN = Path(sys.executable).parent
FOLDERS = 20
MODEL = "m_1"
_PRELOADED = "ours, preloaded"
_PEERS = {
    "cosmos LOCAL, dbt_runner": ("cosmos", "dbt_runner"),
    "cosmos LOCAL, subprocess": ("cosmos", "subprocess"),
    "dmp-af": ("dmp-af", "dmp-af"),
}
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


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[200, 2000], help="numbers of models")
    parser.add_argument("--peers", type=Path, help="the folder of the peers' environments")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"CPU s, medians of {options.rounds}; x: times ours, preloaded")
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as root:
            _print(size, _measure(Path(root) / "shop", size, options.peers, options.rounds))


def _print(size: int, figures: dict[str, float]) -> None:
    print(f"\n| {size} models | CPU s | x |\n|---|---|---|")
    for name, cpu in sorted(figures.items(), key=lambda item: item[1]):
        print(f"| {name} | {cpu:.2f} | {cpu / figures[_PRELOADED]:.1f} |", flush=True)


def _measure(folder: Path, size: int, peers: Path | None, rounds: int) -> dict[str, float]:
    """The CPU seconds of each way, which take turns; that of slicing is of all models, once."""
    _write_project(folder, size)
    slicing = _cpu([BIN / "dbt-scheduler", "slice", "."], folder)
    _run([BIN / "dbt", "parse"], folder)
    dbt, ours = [BIN / "dbt", "build", "--select", MODEL], [BIN / "dbt", *_build()]
    ways: dict[str, Callable[[], float]] = {
        "dbt build --select": lambda: _cpu(dbt, folder),
        "ours, plain command": lambda: _cpu(ours, folder),
        "ours, slice": lambda: _cpu([BIN / "dbt-sliced", *ours], folder),
        _PRELOADED: lambda: median(map(float, _run([sys.executable, "-c", _WARM, 3, *ours], folder).split())),
    }
    if peers:
        ways |= {name: partial(_peers_task, peers, *which, folder) for name, which in _PEERS.items()}
        # Parses the whole project, for partial parsing later.
        _peers_task(peers, "cosmos", "subprocess", folder)
    runs: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            runs[name].append(way())
    return {**{name: median(figures) for name, figures in runs.items()}, "slicing all models": slicing}


def _peers_task(peers: Path, environment: str, which: str, folder: Path) -> float:
    python = peers.absolute() / environment / "bin" / "python"
    script = Path(__file__).with_name("peers") / "run_task.py"
    return float(_run([python, script, which, folder, MODEL], folder).split()[-1])


def _build() -> list[str]:
    """The compiler's command for the model and its two tests."""
    tests = [f"fqn:shop.f1.{kind}_{MODEL}_id" for kind in ("not_null", "unique")]
    select = ["--select", f"fqn:shop.f1.{MODEL}", *tests, "--indirect-selection", "empty"]
    strict = ["--warn-error-options", '{"error": ["NoNodesForSelectionCriteria"]}']
    lean = ["--no-write-json", "--cache-selected-only", "--no-use-colors"]
    return ["build", *select, "--exclude-resource-type", "unit_test", *strict, *lean]


def _write_project(folder: Path, size: int) -> None:
    flags = "flags: {send_anonymous_usage_stats: false}"
    folder.mkdir()
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
    # Without bytecode files, each process would compile every module again.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PATH"] = f"{Path(str(command[0])).parent}{os.pathsep}{env['PATH']}"
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode or "plain command runs" in done.stdout:
        raise SystemExit(f"{command} failed:\n{done.stdout}{done.stderr}")
    if "Unable to do partial parsing" in done.stdout:
        print(f"{command} has parsed the whole project", file=sys.stderr)
    return done.stdout


if __name__ == "__main__":
    main()

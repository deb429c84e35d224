"""Measures Airflow's DAG processor and a worker on the same platform: ours, hand-written, and each of the peers.

    python bench_parse.py [--teams 20] [--models 100] [--peers FOLDER] [--rounds 5]

FOLDER has the peers' environments (``python peers/install.py FOLDER``); without it, the peers are not measured. Prints
CPU seconds, the medians of alternating rounds; every figure is from a new process.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from parsed_platform import write

_PEERS = {
    "dag-factory": "dag-factory",
    "cosmos": "cosmos",
    "cosmos, one project": "cosmos",
    "dmp-af": "dmp-af",
}
_FIGURES = ("parsing", "serializing", "tasks", "megabytes", "imports")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--teams", type=int, default=20)
    parser.add_argument("--models", type=int, default=100, help="for each team")
    parser.add_argument("--peers", type=Path, help="the folder of the peers' environments")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        places = write(Path(folder), options.teams, options.models)
        pythons = {name: _python(name, options.peers) for name in places}
        runs: dict[str, list[dict[str, float]]] = {name: [] for name, python in pythons.items() if python}
        for _ in range(options.rounds):
            for name, figures in runs.items():
                figures.append(_measure(pythons[name], *places[name]))
    _print(options, {name: _medians(figures) for name, figures in runs.items()})


def _python(name: str, peers: Path | None) -> Path | None:
    if name not in _PEERS:
        return Path(sys.executable)
    return peers.absolute() / _PEERS[name] / "bin" / "python" if peers else None


def _measure(python: Path, folder: Path, small: Path) -> dict[str, float]:
    """The figures for parsing all files, and for parsing only the first, as a worker does for one task."""
    whole = _parse(python, small, folder)
    one = _parse(python, small, min(folder.glob("*.py")))
    return {**{name: whole[name] for name in _FIGURES}, "worker": one["parsing"]}


def _parse(python: Path, small: Path, what: Path) -> dict[str, float]:
    # Without bytecode files, each process would compile every module again.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [python, Path(__file__).with_name("parse_dags.py"), small, what]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what} cannot be parsed, exit code {done.returncode}:\n{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: median(run[name] for run in runs) for name in runs[0]}


def _print(options: argparse.Namespace, results: dict[str, dict[str, float]]) -> None:
    floor = results["by hand"]["parsing"] + results["by hand"]["serializing"]
    print(f"{options.teams} teams x {options.models} models; CPU s, medians of {options.rounds}\n")
    print("| | tasks | parse | serialize | both / by hand | one task's worker | imports | MB |")
    print("|---|---|---|---|---|---|---|---|")
    for name, each in sorted(results.items(), key=lambda item: item[1]["parsing"] + item[1]["serializing"]):
        ratio = (each["parsing"] + each["serializing"]) / floor
        print(
            f"| {name} | {each['tasks']:.0f} | {each['parsing']:.2f} | {each['serializing']:.2f} | {ratio:.2f} "
            f"| {each['worker']:.3f} | {each['imports']:.2f} | {each['megabytes']:.0f} |"
        )


if __name__ == "__main__":
    main()

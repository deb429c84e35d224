"""Measures `check` and `compile` of a whole platform, compared with only reading the same manifests.

    python bench_compile.py [--teams 20] [--models 100] [--large 10000]

All figures of a run are from the same machine: compare ratios, not seconds.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import Job, measure

_AIM = 3
_JSON = ("import json", "kept = [json.load(open(path, 'rb')) for path in sys.argv[1:]]")
_TYPED = (
    "import msgspec; from pathlib import Path; from dbt_scheduler.project.manifest import Manifest; "
    "decoder = msgspec.json.Decoder(Manifest)",
    "kept = [decoder.decode(Path(path).read_bytes()) for path in sys.argv[1:]]",
)
_COMMAND = ("from dbt_scheduler.cli import program", "program()")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--teams", type=int, default=20)
    parser.add_argument("--models", type=int, default=100, help="for each team")
    parser.add_argument("--large", type=int, default=10_000, help="models of the one large manifest; 0: none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _compare(Path(folder), options.teams, options.models)
    if options.large:
        with tempfile.TemporaryDirectory() as folder:
            _compare(Path(folder), 1, options.large)


def _compare(folder: Path, teams: int, models: int) -> None:
    # In a separate process: a child's peak memory includes that of the process that forks it.
    generator = Path(__file__).with_name("generate.py")
    size = ("--teams", str(teams), "--models", str(models))
    made = subprocess.run([sys.executable, generator, folder, *size], check=True, stdout=subprocess.PIPE)
    projects = made.stdout.decode().split()
    manifests = [Path(project) / "target" / "manifest.json" for project in projects]
    megabytes = sum(manifest.stat().st_size for manifest in manifests) / 1e6
    out = ("--out", folder / "out")
    jobs = {
        "interpreter start": Job("", "pass"),
        "imports": Job("", "import dbt_scheduler.cli.projects"),
        "json.load": Job(*_JSON, tuple(manifests)),
        "typed decode": Job(*_TYPED, tuple(manifests)),
        "check": Job(*_COMMAND, ("check", *projects)),
        # From the second round on it finds its earlier output, as usual, and writes only changes.
        "compile": Job(*_COMMAND, ("compile", *projects, *out)),
    }
    costs = measure(jobs, rounds=5 if teams > 1 else 3)
    start, typed = costs["interpreter start"].cpu, costs["typed decode"].inside
    print(f"{teams} x {models} models, {megabytes:.0f} MB of manifests")
    print(
        f"aim: {_AIM * typed + start:.2f} CPU s, {_AIM} x the typed decode and the start of the interpreter"
    )
    processes = "CPU / typed decode's"
    print(f"{'':18}{'CPU s':>8}{'inside':>8}{'MB':>6}{'(CPU - start) / typed decode':>31}{processes:>23}")
    for what, cost in costs.items():
        ratio, whole = (cost.cpu - start) / typed, cost.cpu / costs["typed decode"].cpu
        print(f"{what:18}{cost.cpu:8.2f}{cost.inside:8.2f}{cost.megabytes:6.0f}{ratio:31.1f}{whole:23.1f}")
    print()


if __name__ == "__main__":
    main()

"""Measures one team's `check` and `report`, and the registry commands, with a registry of many teams.

    python bench_registry.py [--teams 100] [--assets 500] [--models 2000]

The registry contains one generated team, copied for each other team with changed names, so that each reads the tables
of its neighbours. All figures are CPU seconds of whole processes.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Job, measure

_COMMAND = ("from dbt_scheduler.cli import program", "program()")
_BREAKING = (
    "from dbt_scheduler.cli import main\n"
    "def report():\n"
    "    try: main(prog_name='dbt-scheduler')\n"
    "    except SystemExit as stop: assert stop.code == 1, stop.code",
    "report()",
)
_NEIGHBOURS = 3
_JSON = ("import json", "kept = [json.load(open(path, 'rb')) for path in sys.argv[1:]]")
_TYPED = (
    "import msgspec; from pathlib import Path; from dbt_scheduler.registry.entry import Entry; "
    "decoder = msgspec.json.Decoder(dict[str, Entry])",
    "kept = [decoder.decode(Path(path).read_bytes()) for path in sys.argv[1:]]",
)
_AIMS = {"check": 1.5, "report": 1.0}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--teams", type=int, default=100)
    parser.add_argument("--assets", type=int, default=500, help="of each team in the registry")
    parser.add_argument("--models", type=int, default=2000, help="of the outputs that are compared")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), options)


def _measure(folder: Path, options: argparse.Namespace) -> None:
    registry = folder / "registry"
    projects = _generate(folder / "small", _NEIGHBOURS + 1, options.assets)
    _run("compile", *projects, "--out", folder / "out")
    assets = _fill(registry, (folder / "out" / "registry" / "team_00.json").read_text(), options.teams)
    base, head = _outputs(folder, options.models)
    entries = sorted(registry.glob("*.json"))
    named = ("--registry", registry)
    jobs = {
        "interpreter start": Job("", "pass"),
        "imports": Job("", "import dbt_scheduler.cli.projects"),
        "json.load": Job(*_JSON, tuple(entries)),
        "typed decode": Job(*_TYPED, tuple(entries)),
        "check": Job(*_COMMAND, ("check", projects[0], *named)),
        "report": Job(*_BREAKING, ("report", base, head)),
        "report, registry": Job(*_BREAKING, ("report", base, head, *named)),
        "registry list": Job(*_COMMAND, ("registry", "list", *named)),
        "registry site": Job(*_COMMAND, ("registry", "site", "--out", folder / "site", *named)),
        "registry show": Job(*_COMMAND, ("registry", "show", "team_07.fct_team_07_daily_0", *named)),
    }
    costs = measure(jobs)
    size = sum(entry.stat().st_size for entry in entries) / 1e6
    print(
        f"registry of {options.teams} teams, {assets} assets, {size:.0f} MB; outputs of {options.models} models"
    )
    print(f"{'':18}{'CPU s':>8}{'aim':>6}{'inside':>8}{'MB':>6}{'/ json.load':>13}{'/ typed decode':>16}")
    for what, cost in costs.items():
        json, typed = cost.cpu / costs["json.load"].cpu, cost.cpu / costs["typed decode"].cpu
        aim = f"{_AIMS[what]:.1f}" if what in _AIMS else ""
        print(
            f"{what:18}{cost.cpu:8.2f}{aim:>6}{cost.inside:8.2f}{cost.megabytes:6.0f}{json:13.2f}{typed:16.2f}"
        )


def _generate(folder: Path, teams: int, models: int) -> list[str]:
    generator = Path(__file__).with_name("generate.py")
    size = ("--teams", str(teams), "--models", str(models))
    made = subprocess.run([sys.executable, generator, folder, *size], check=True, stdout=subprocess.PIPE)
    return made.stdout.decode().split()


def _run(*arguments: object) -> None:
    command = [sys.executable, "-m", "dbt_scheduler", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _fill(registry: Path, entry: str, teams: int) -> int:
    """Write a document for each team, made from that of the first team; returns the number of assets."""
    registry.mkdir()
    for number in range(teams):
        names = {f"team_{step:02}": f"team_{(number + step) % teams:02}" for step in range(_NEIGHBOURS + 1)}
        text = re.sub(r"team_0[0-3]", lambda found, names=names: names[found[0]], entry)
        (registry / f"team_{number:02}.json").write_text(text)
    return teams * entry.count('"relation":')


def _outputs(folder: Path, models: int) -> Iterator[Path]:
    """Compile a team twice, the second time with another SLO, and with all weekly models daily; yields the outputs."""
    (project,) = _generate(folder / "large", 1, models)
    for side in ("base", "head"):
        _run("compile", project, "--out", folder / side)
        yield folder / side
        config = Path(project) / "scheduler.yaml"
        config.write_text(config.read_text().replace("hours: 8", "hours: 9"))
        manifest = Path(project) / "target" / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"pipelines": ["weekly"]', '"pipelines": ["daily"]'))


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main()

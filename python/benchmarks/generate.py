"""Generates the benchmarks' input, byte-identical each time: dbt projects of many teams that depend on each other.

    python generate.py OUT [--teams 20] [--models 100]

Writes ``OUT/platform.yaml`` and, for each team, ``dbt_project.yml``, ``scheduler.yaml`` and
``target/manifest.json``. Marts read other teams' facts and dimensions: teams depend on each other in cycles, tasks do
not.
"""

import argparse
import json
from pathlib import Path
from random import Random

from manifest_entries import Entry, data_test, macro, metadata, model, source

TEAMS, MODELS = 20, 100
_LAYERS = {"staging": 0.3, "intermediate": 0.3, "facts": 0.15, "dims": 0.1, "marts": 0.15}
_PREFIXES = {"staging": "stg", "intermediate": "int", "facts": "fct", "dims": "dim", "marts": "mrt"}
_READS: dict[str, tuple[str, ...]] = {
    "staging": (),
    "intermediate": ("staging",),
    "facts": ("intermediate",),
    "dims": ("staging", "intermediate"),
    "marts": ("facts", "dims"),
}
_PIPELINES = {"hourly": 0.45, "daily": 0.45, "weekly": 0.1}
_RAW_TABLES = 10
_NEIGHBOURS = 3
_MACROS = 500

_PLATFORM = """\
version: 1
pipelines:
  hourly: {cron: "5 * * * *", timezone: UTC, grain: hour, start_date: 2025-01-01}
  daily: {cron: "10 0 * * *", timezone: UTC, grain: day, start_date: 2025-01-01}
  weekly: {cron: "30 0 * * 1", timezone: UTC, grain: week, start_date: 2025-01-06}
kinds:
  vertex-ai: {project: example-project, region: europe-west1}
"""
_SCHEDULER = """\
version: 0.17
team: {team}
tags: [generated]
alerting:
  channel: "#{team}-alerts"
  tag: ["@amazing.person"]
dbt_settings:
  on_run_start: [stage_external_sources]
  tests: {tests}
tasks:
  - kind: universal
    name: fetch_rates
    group: ingestion
    pipelines: [daily]
    assets: [fetched_rates]
    timeout: {{minutes: 30}}
    command: python -m fetch_rates --day {{{{ ds }}}}
  - kind: vertex-ai
    group: predictions
    conditions: [fct_{team}_daily_0, {condition}]
    assets: [predictions]
    image: image_name:tag
exposed_assets:
  - regex: "fct_.*_hourly_.*"
    slo: {{hourly: {{minutes: 50}}}}
  - regex: "fct_.*_daily_.*"
    slo: {{daily: {{hours: 4}}}}
  - regex: "dim_.*"
  - regex: "mrt_.*_daily_.*"
    slo: {{daily: {{hours: 8}}}}
"""


class _Project:
    """Fills one team's manifest, layer by layer."""

    def __init__(self, team: str, others: list[str], models: int) -> None:
        self.team = team
        self.nodes: dict[str, Entry] = {}
        self._random = Random(team)  # noqa: S311 - must be reproducible
        raw = [self._source("raw", f"raw_{number}", f"raw_{team}") for number in range(_RAW_TABLES)]
        self._rates, self._predictions = (
            self._source("produced", table, f"produced_{team}") for table in ("fetched_rates", "predictions")
        )
        self._raw = [*raw, self._rates]
        self._foreign = [
            self._source(other, asset, other)
            for other in others
            for asset in (f"fct_{other}_daily_0", f"dim_{other}_hourly_0")
        ]
        sources = (*self._raw, self._predictions, *self._foreign)
        self.sources = {entry["unique_id"]: entry for entry in sources}
        self._made: dict[tuple[str, str], list[Entry]] = {}
        for layer, share in _LAYERS.items():
            for pipeline, part in _PIPELINES.items():
                count = round(share * part * models)
                self._made[layer, pipeline] = [
                    self._model(layer, pipeline, number) for number in range(count)
                ]
        self._add_rest()

    def manifest(self) -> Entry:
        names = ["stage_external_sources", *(f"generated_macro_{number}" for number in range(_MACROS))]
        return {
            "metadata": metadata(self.team),
            "nodes": self.nodes,
            "sources": self.sources,
            "macros": {f"macro.dbt.{name}": macro(self._random, "dbt", name) for name in names},
            "docs": {},
            "exposures": {},
            "disabled": {},
            "parent_map": {id_: node["depends_on"]["nodes"] for id_, node in self.nodes.items()},
            "child_map": {},
        }

    def _model(self, layer: str, pipeline: str, number: int) -> Entry:
        meta: Entry = {"scheduler_defaults": {"pipelines": [pipeline], "owners": [f"@{self.team}.{layer}"]}}
        parents = self._some(self._above(layer, pipeline), 3)
        if layer == "staging":
            parents = self._some(self._raw[: None if pipeline == "daily" else _RAW_TABLES], 1)
        elif layer == "marts" and pipeline != "hourly":
            foreign = self._some(self._foreign, 2)
            parents += [*foreign, self._predictions["unique_id"]]
            waits = {id_.rpartition(".")[2]: "soft" for id_ in foreign[:1]}
            meta["scheduler"] = {"timeout": {"minutes": 30 + number}, "retries": 3, "dependencies": waits}
        name = f"{_PREFIXES[layer]}_{self.team}_{pipeline}_{number}"
        materialized = "ephemeral" if layer == "intermediate" and number % 10 == 9 else "table"
        path = f"{layer}/{name}.sql"
        return self._add(model(self._random, self.team, path, meta, parents, materialized=materialized))

    def _above(self, layer: str, pipeline: str) -> list[Entry]:
        """The nodes that a model may read: those of earlier layers in pipelines that are at least as frequent."""
        often = list(_PIPELINES)[: list(_PIPELINES).index(pipeline) + 1]
        return [node for above in _READS[layer] for each in often for node in self._made[above, each]]

    def _some(self, entries: list[Entry], count: int) -> list[str]:
        chosen = self._random.sample(entries, min(len(entries), count))
        return [entry["unique_id"] for entry in chosen]

    def _add_rest(self) -> None:
        """Add a seed, a snapshot, and about two tests for each model."""
        daily: Entry = {"scheduler": {"pipelines": ["daily"]}}
        dim = self._made["dims", "daily"][0]["unique_id"]
        for path, kind, parents in (
            ("reference/countries.csv", "seed", []),
            (f"snapshots/snp_{self.team}.sql", "snapshot", [dim]),
        ):
            self._add(model(self._random, self.team, path, daily, parents, resource_type=kind))
        for (layer, _), nodes in self._made.items():
            for number, node in enumerate(nodes):
                self._add(data_test(self.team, "not_null", node, "id", ()))
                if number % 10:
                    self._add(data_test(self.team, "unique", node, "id", ()))
                elif layer == "facts":
                    self._add(data_test(self.team, "relationships", node, "id", (dim,)))

    def _source(self, source_name: str, table: str, schema: str) -> Entry:
        return source(self._random, self.team, source_name, table, schema)

    def _add(self, entry: Entry) -> Entry:
        self.nodes[entry["unique_id"]] = entry
        return entry


def generate(out: Path, teams: int = TEAMS, models: int = MODELS) -> list[Path]:
    """Write the platform and the teams; returns the teams' folders."""
    names = [f"team_{number:02}" for number in range(teams)]
    _write(out / "platform.yaml", _PLATFORM)
    folders = []
    for index, team in enumerate(names):
        others = [names[(index + step) % teams] for step in range(1, min(teams, _NEIGHBOURS + 1))]
        project = _Project(team, others, models)
        folder = out / team
        awaited = f"dim_{(others or [team])[0]}_hourly_0"
        words = {"team": team, "condition": awaited, "tests": "after" if index % 4 == 3 else "build"}
        _write(folder / "dbt_project.yml", f'name: {team}\nversion: "1.0"\nmodel-paths: [models]\n')
        _write(folder / "scheduler.yaml", _SCHEDULER.format(**words))
        _write(folder / "target" / "manifest.json", json.dumps(project.manifest()))
        folders.append(folder)
    return folders


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--teams", type=int, default=TEAMS)
    parser.add_argument("--models", type=int, default=MODELS, help="for each team")
    options = parser.parse_args()
    for folder in generate(options.out, options.teams, options.models):
        print(folder)


if __name__ == "__main__":
    main()

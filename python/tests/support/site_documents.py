"""The documents of a registry in the format of the pages, and the static site with them."""

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dbt_scheduler

BUNDLE = Path(dbt_scheduler.__file__).parent / "site" / "bundle"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
Key = tuple[str, str]  # the team and the name of an asset
FOLDER = "0123456789abcdef"  # of the documents that belong to the index, below data
KINDS = ["plain", "hard", "soft", "no_wait"]


@dataclass(kw_only=True)
class Asset:
    """An asset, and the assets that its task reads, by team and name, with the kind of each edge."""

    team: str
    name: str
    pipelines: tuple[str, ...] = ("daily",)
    exposed: bool = True
    reads: dict[Key, str] = field(default_factory=dict)
    columns: tuple[tuple[str, str, str], ...] = (
        ("id", "integer", "The key."),
        ("updated_at", "timestamp", ""),
    )
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    description: str = ""
    slo_hours: int | None = None
    columns_read: dict[Key, list[str] | str] = field(default_factory=dict)
    is_task: bool = False  # a task that reads assets, and produces none

    @property
    def key(self) -> Key:
        """Its key in other assets' ``reads``."""
        return self.team, self.name

    @property
    def task_id(self) -> str:
        """The task that produces it."""
        return self.name if self.is_task else f"models.{self.name}"


@dataclass(kw_only=True)
class Team:
    """A team and its pipelines, with a description of each schedule."""

    name: str
    channel: str | None = None
    pipelines: dict[str, str] = field(default_factory=lambda: {"daily": "daily at 04:00 UTC"})
    external: bool = False


@dataclass
class Registry:
    """The documents of a few teams."""

    teams: list[Team]
    assets: list[Asset]
    problems: list[str] = field(default_factory=list)
    slo: dict[Key, tuple[int, int]] = field(default_factory=dict)

    def documents(self) -> dict[str, Any]:
        """All documents by name, in the format that the pages expect."""
        made = sorted(
            (each for each in self.assets if not each.is_task), key=lambda each: (each.name, each.team)
        )
        self.tasks = [each for each in self.assets if each.is_task]
        self.places = {each.key: place for place, each in enumerate(made)}
        self.team_places = {each.name: place for place, each in enumerate(self.teams)}
        self.own: dict[str, list[Asset]] = {}
        for each in self.assets:
            self.own.setdefault(each.team, []).append(each)
        self.by_key = {each.key: each for each in self.assets}
        self.readers: dict[Key, list[tuple[Asset, str]]] = {}
        for each in self.assets:
            for key, kind in each.reads.items():
                self.readers.setdefault(key, []).append((each, kind))
        documents = {"index": self._index(made), "edges": self._edges(made)}
        for place, team in enumerate(self.teams):
            documents[f"teams/{place}"] = self._team(team)
        return documents

    def _index(self, made: list[Asset]) -> dict[str, Any]:
        pipelines = sorted({name for team in self.teams for name in team.pipelines})
        tags = sorted({tag for each in made for tag in each.tags})
        owners = sorted({owner for each in made for owner in each.owners})
        readiness = {text: place for place, text in enumerate(sorted({self._ready(each) for each in made}))}
        return {
            "format_version": 1,
            "generated_at": NOW.isoformat(),
            "folder": FOLDER,
            "registry": "s3://registry/production",
            "problems": self.problems,
            "documents": [],
            "history_at": None,
            "airflow_url": "https://airflow.example.org",
            "teams": [
                {"name": each.name, "channel": each.channel, "tag": [], "external": each.external}
                for each in self.teams
            ],
            "pipelines": pipelines,
            "tags": tags,
            "owners": owners,
            "assets": {
                "name": [each.name for each in made],
                "team": [self.team_places[each.team] for each in made],
                "exposed": [int(each.exposed) for each in made],
                "pipelines": [[pipelines.index(name) for name in each.pipelines] for each in made],
                "ready": [readiness[self._ready(each)] for each in made],
                "task": [each.task_id for each in made],
                "readers": [self._reader_places(each) for each in made],
                "tags": [[tags.index(tag) for tag in each.tags] for each in made],
                "owners": [[owners.index(owner) for owner in each.owners] for each in made],
                "slo": [self.slo.get(each.key) for each in made],
                "columns": [" ".join(name for name, _, _ in each.columns) for each in made],
            },
            "readiness": list(readiness),
        }

    def _reader_places(self, asset: Asset) -> list[int]:
        teams = {reader.team for reader, _ in self.readers.get(asset.key, ())} - {asset.team}
        return sorted(self.team_places[team] for team in teams)

    def _ready(self, asset: Asset) -> str:
        return "; ".join(self._promise(asset, name) for name in asset.pipelines)

    def _promise(self, asset: Asset, pipeline: str) -> str:
        return (
            f"{pipeline}, by 0{asset.slo_hours + 4}:00 UTC"
            if asset.slo_hours
            else f"{pipeline}, when it is done"
        )

    def _edges(self, made: list[Asset]) -> dict[str, Any]:
        nodes = {**self.places, **{each.key: len(made) + i for i, each in enumerate(self.tasks)}}
        edges = [
            (nodes[key], nodes[each.key], KINDS.index(kind))
            for each in self.assets
            for key, kind in each.reads.items()
        ]
        return {
            "from": [source for source, _, _ in edges],
            "to": [target for _, target, _ in edges],
            "kind": [kind for _, _, kind in edges],
            "tasks": [
                {
                    "team": self.team_places[each.team],
                    "task_id": each.task_id,
                    "dag_id": f"{each.team}__{each.pipelines[0]}",
                }
                for each in self.tasks
            ],
        }

    def _team(self, team: Team) -> dict[str, Any]:
        own = self.own.get(team.name, [])
        return {
            "name": team.name,
            "channel": team.channel,
            "tag": ["@on-call"] if team.channel else [],
            "external": team.external,
            "project": None if team.external else team.name,
            "pipelines": [
                {"name": name, "schedule": words, "dag_id": f"{team.name}__{name}"}
                for name, words in team.pipelines.items()
            ],
            "assets": {each.name: self._asset(each) for each in own if not each.is_task},
            "reads": [
                {
                    "asset": key[1],
                    "team": key[0],
                    "channel": self.teams[self.team_places[key[0]]].channel,
                    "ready": self._ready(self.by_key[key]),
                    "dependency": kind,
                    "dag_id": f"{team.name}__{each.pipelines[0]}",
                    "task_id": each.task_id,
                }
                for each in own
                for key, kind in each.reads.items()
                if kind != "plain"
            ],
            "acknowledged": [],
        }

    def _asset(self, asset: Asset) -> dict[str, Any]:
        return {
            "latest_of": None,
            "task_id": asset.task_id,
            "exposed": asset.exposed,
            "description": asset.description,
            "tags": list(asset.tags),
            "owners": list(asset.owners),
            "relation": f"warehouse.{asset.team}.{asset.name}",
            "columns": [
                {"name": name, "type": type_ or None, "description": text}
                for name, type_, text in asset.columns
            ],
            "promises": [
                {
                    "pipeline": name,
                    "dag_id": f"{asset.team}__{name}",
                    "exposed": asset.exposed,
                    "slo_seconds": asset.slo_hours * 3600 if asset.slo_hours else None,
                    "ready": self._promise(asset, name),
                }
                for name in asset.pipelines
            ],
            "consumers": [
                {
                    "team": reader.team,
                    "channel": self.teams[self.team_places[reader.team]].channel,
                    "dag_id": f"{reader.team}__{reader.pipelines[0]}",
                    "task_id": reader.task_id,
                    "dependency": kind,
                    "producer_pipeline": asset.pipelines[0],
                    "columns": reader.columns_read.get(asset.key),
                }
                for reader, kind in self.readers.get(asset.key, ())
                if reader.team != asset.team
            ],
        }


def write_site(folder: Path, documents: dict[str, Any], bundle: Path = BUNDLE) -> Path:
    """Write a static site: the bundle, and each document as a script with one call."""
    shutil.copytree(bundle, folder, dirs_exist_ok=True)
    for name, document in documents.items():
        path = folder / "data" / ("" if name == "index" else FOLDER) / f"{name}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"dbtScheduler.receive({json.dumps(name)}, {_js_string(json.dumps(document))});\n")
    return folder


def _js_string(text: str) -> str:
    return json.dumps(text).replace("<", "\\u003c")

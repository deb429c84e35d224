"""The registry's documents: what each team produces and consumes, and for whom it promises when."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated

import msgspec

from dbt_scheduler.relation import Relation, Relations
from dbt_scheduler.spec import Schedule

FORMAT_VERSION = 1

Slo = Annotated[int, msgspec.Meta(ge=0, le=10_000_000_000)]
"""Seconds: more than `scheduler.yaml` can say, and still within the calendar."""


class Contact(msgspec.Struct, frozen=True):
    """Whom to ask: the team's channel, and the people or groups to tag there."""

    channel: str | None = None
    tag: tuple[str, ...] = ()


class AssetPipeline(msgspec.Struct, frozen=True, kw_only=True):
    """One pipeline in which an asset is made: its promise, and the waits that the making task stands behind.

    ``waits`` are sensor task ids of the same DAG, soft ones included, so that a cycle across teams can be
    seen from registry documents alone.
    """

    slo_seconds: Slo | None
    exposed: bool
    waits: tuple[str, ...] = ()


class Produced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An asset and its task. ``latest_of`` is the bare name that the latest version also answers to.

    ``held_up_by`` names by pipeline, of what the asset is made of within that DAG, the one that promises latest;
    entries of earlier releases leave it out.
    """

    dag_prefix: str
    task_group: str | None
    task_id: str
    pipeline: str
    slo_seconds: Slo | None
    pipelines: dict[str, AssetPipeline]
    exposed: bool
    relation: Relation | None
    columns: dict[str, str | None]
    latest_of: str | None = None
    held_up_by: dict[str, str] = {}


class Consumed(msgspec.Struct, frozen=True, kw_only=True):
    """One task of this team that reads an asset; ``sensor_task_id`` is null for a no_wait dependency."""

    pipeline: str
    producer_pipeline: str
    task_group: str | None
    task_id: str
    sensor_task_id: str | None
    dependency: str


class Acknowledged(msgspec.Struct, frozen=True):
    """A breaking change that a team makes on purpose: ``change`` is the line that the report has for it."""

    asset: str
    change: str
    reason: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One team's document; ``project_name`` is what dbt calls the project that publishes it."""

    format_version: int = FORMAT_VERSION
    project_name: str | None = None
    dag_prefix: str
    contact: Contact
    pipelines: dict[str, Schedule]
    produced: dict[str, Produced]
    consumed: dict[str, dict[str, tuple[Consumed, ...]]]
    acknowledged_changes: tuple[Acknowledged, ...] = ()


class Base(msgspec.Struct, frozen=True):
    """What a team's entry was compiled against: the version that the registry had of it; null if it had none."""

    version: str | None


def find_produced(entry: Entry, name: str) -> tuple[str, Produced] | None:
    """An asset by its name, else by the bare name that its latest version also has; with its own name."""
    if name in entry.produced:
        return name, entry.produced[name]
    return next((item for item in entry.produced.items() if item[1].latest_of == name), None)


def others_entry(published: Entry, entry: Entry) -> bool:
    """Whether an entry of the same team was published by another dbt project."""
    return published.project_name not in (None, entry.project_name)


def full_task_id(task_group: str | None, task_id: str) -> str:
    """The task's id in Airflow: prefixed with its task group."""
    return f"{task_group}.{task_id}" if task_group else task_id


def dag_id(dag_prefix: str, pipeline: str) -> str:
    """The id of a team's DAG for a pipeline: there is one per team and pipeline."""
    return f"{dag_prefix}_{pipeline}"


class AssetKey(msgspec.Struct, frozen=True, order=True):
    """An asset among all teams'."""

    team: str
    asset: str

    def __str__(self) -> str:
        return f"{self.team}.{self.asset}"


Retired = Mapping[str, Sequence[str]]
"""For the name of each asset that is made no more the teams that made it, as far as readers are on record."""


class Directory:
    """Every team's entry, with the lookups that dependencies need; each index is made when first asked for."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.entries = dict(sorted(entries.items()))

    def produced(self, key: AssetKey) -> Produced:
        """What the registry says of an asset that it has."""
        return self.entries[key.team].produced[key.asset]

    def named(self, name: str, team: str | None = None) -> list[AssetKey]:
        """The assets of that name, of all teams or one; the bare name of a versioned one means its latest."""
        return [key for key in self._by_name.get(name, ()) if team in (None, key.team)]

    def names(self, team: str | None = None) -> set[str]:
        """Every name that ``named`` answers to."""
        return {
            name
            for name, keys in self._by_name.items()
            if team is None or any(key.team == team for key in keys)
        }

    def at(self, relation: Relation) -> list[AssetKey]:
        """The assets where a relation points: by schema and identifier, and database where both name one."""
        return self._by_relation.at(relation)

    @cached_property
    def _by_name(self) -> dict[str, list[AssetKey]]:
        found: dict[str, list[AssetKey]] = defaultdict(list)
        for team, entry in self.entries.items():
            for asset, produced in entry.produced.items():
                key = AssetKey(team, asset)
                found[asset].append(key)
                if produced.latest_of and produced.latest_of not in entry.produced:
                    found[produced.latest_of].append(key)
        return found

    @cached_property
    def _by_relation(self) -> Relations[AssetKey]:
        return Relations(
            (produced.relation, AssetKey(team, asset))
            for team, entry in self.entries.items()
            for asset, produced in entry.produced.items()
            if produced.relation
        )


def retired_assets(published: Mapping[str, Entry], directory: Directory) -> Retired:
    """What some published entry still consumes of a team that the directory has, and the team makes no more."""
    found: dict[str, set[str]] = defaultdict(set)
    for entry in published.values():
        for team, assets in entry.consumed.items():
            maker = directory.entries.get(team)
            for asset in assets if maker else ():
                if maker and asset not in maker.produced:
                    found[asset].add(team)
    return {asset: tuple(sorted(teams)) for asset, teams in sorted(found.items())}

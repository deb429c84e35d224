"""The registry's documents: what each team produces, with SLOs, and what it consumes."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from dbt_scheduler.registry.relation import Relation
from dbt_scheduler.spec import Schedule

FORMAT_VERSION = 1
EXTERNAL_FORMAT_VERSION = 2
"""Of an entry with external assets: a release that does not know them would wait for DAGs that do not exist."""

FORMAT_VERSIONS = (FORMAT_VERSION, EXTERNAL_FORMAT_VERSION)
"""The supported versions."""

EXTERNAL_PROJECT = "external_assets.yaml"
"""What publishes an entry with external assets, in the place of a dbt project: no dbt project can have this name."""

MOST_TEXT, MOST_LABELS, LONGEST_LABEL = 2_000, 100, 200
"""Characters of a description; how many tags and how many owners an asset has at most, and how long each may be."""

Text = Annotated[str, msgspec.Meta(max_length=MOST_TEXT)]
Labels = Annotated[
    tuple[Annotated[str, msgspec.Meta(max_length=LONGEST_LABEL)], ...], msgspec.Meta(max_length=MOST_LABELS)
]

Slo = Annotated[int, msgspec.Meta(ge=0, le=10_000_000_000)]
"""Seconds: more than `scheduler.yaml` can say, and still within the calendar."""


class Contact(msgspec.Struct, frozen=True):
    """The contact of a team: its channel, and the people or groups to tag there."""

    channel: Annotated[str, msgspec.Meta(max_length=LONGEST_LABEL)] | None = None
    tag: Labels = ()


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
    entries of earlier releases leave it out. ``dag_id`` is of an external asset: the hand-written DAG that makes it.
    ``description``, ``tags``, ``owners`` and ``column_descriptions`` are for people only; ``reads`` are the team's own
    assets that the task reads in the same DAG. Earlier releases neither write these five nor read them.
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
    dag_id: str | None = None
    description: Text = ""
    tags: Labels = ()
    owners: Labels = ()
    column_descriptions: dict[str, Text] = {}
    reads: tuple[str, ...] = ()


EVERY_COLUMN: Literal["*"] = "*"

MOST_COLUMNS, LONGEST_COLUMN = 10_000, 300
"""That one task can be said to read of an asset; characters of the name of one: BigQuery's limits."""

ColumnName = Annotated[str, msgspec.Meta(max_length=LONGEST_COLUMN)]
ColumnsRead = Annotated[tuple[ColumnName, ...], msgspec.Meta(max_length=MOST_COLUMNS)] | Literal["*"]


class Consumed(msgspec.Struct, frozen=True, kw_only=True):
    """One task of this team that reads an asset; ``sensor_task_id`` is null for a no_wait dependency.

    ``columns`` are those that its compiled SQL reads of another team's asset, sorted, or ``EVERY_COLUMN``; left out
    where that is not known, and by earlier releases.
    """

    pipeline: str
    producer_pipeline: str
    task_group: str | None
    task_id: str
    sensor_task_id: str | None
    dependency: str
    columns: ColumnsRead | UnsetType = UNSET


class Acknowledged(msgspec.Struct, frozen=True):
    """An intentional breaking change: ``change`` is its line in the report."""

    asset: str
    change: str
    reason: str


class Entry(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One team's document; ``project_name`` is what dbt calls the project that publishes it.

    ``wait_timeout_seconds`` is how long the team's sensors wait for an asset without an SLO; entries of earlier releases
    leave it out.
    """

    format_version: int = FORMAT_VERSION
    project_name: str | None = None
    dag_prefix: str
    contact: Contact
    pipelines: dict[str, Schedule]
    produced: dict[str, Produced]
    consumed: dict[str, dict[str, tuple[Consumed, ...]]]
    acknowledged_changes: tuple[Acknowledged, ...] = ()
    wait_timeout_seconds: Slo | UnsetType = UNSET

    @cached_property
    def latest(self) -> Mapping[str, str]:
        """The asset that a bare name means, by that name. Made once: other teams may read very many names."""
        return {made.latest_of: asset for asset, made in reversed(self.produced.items()) if made.latest_of}


class Base(msgspec.Struct, frozen=True):
    """What a team's entry was compiled against: the version that the registry had of it; null if it had none."""

    version: str | None


def is_external(entry: Entry) -> bool:
    """Whether a team's assets are made by hand-written DAGs; ``decode_entry`` refuses an entry that has both."""
    return any(made.dag_id for made in entry.produced.values())


def dag_ids_of(entry: Entry) -> tuple[str, ...]:
    """The ids of a team's DAGs, sorted: one for each pipeline, or the hand-written ones that make its assets."""
    return tuple(sorted(schedules_of(entry)))


def schedules_of(entry: Entry) -> dict[str, Schedule]:
    """The schedule of each of a team's DAGs, by its id."""
    by_hand = {made.dag_id: entry.pipelines[made.pipeline] for made in entry.produced.values() if made.dag_id}
    return by_hand or {
        dag_id(entry.dag_prefix, pipeline): schedule for pipeline, schedule in entry.pipelines.items()
    }


def making_dag_id(made: Produced, pipeline: str) -> str:
    """The id of the DAG that makes an asset in a pipeline."""
    return made.dag_id or dag_id(made.dag_prefix, pipeline)


def find_produced(entry: Entry, name: str) -> tuple[str, Produced] | None:
    """An asset by its name, else by the bare name that its latest version also has; with its own name."""
    asset = name if name in entry.produced else entry.latest.get(name)
    return None if asset is None else (asset, entry.produced[asset])


def is_of_other_project(published: Entry, entry: Entry) -> bool:
    """Whether an entry of the same team was published by another dbt project."""
    return published.project_name not in (None, entry.project_name)


def full_task_id(task_group: str | None, task_id: str) -> str:
    """The task's id in Airflow: prefixed with its task group."""
    return f"{task_group}.{task_id}" if task_group else task_id


def dag_id(dag_prefix: str, pipeline: str) -> str:
    """The id of a team's generated DAG for a pipeline: there is one per team and pipeline."""
    return f"{dag_prefix}_{pipeline}"


class AssetKey(msgspec.Struct, frozen=True, order=True):
    """An asset among all teams'."""

    team: str
    asset: str

    def __str__(self) -> str:
        return f"{self.team}.{self.asset}"

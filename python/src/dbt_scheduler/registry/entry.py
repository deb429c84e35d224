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
"""The format of entries with external assets: older releases, which do not know it, would wait for missing DAGs."""

FORMAT_VERSIONS = (FORMAT_VERSION, EXTERNAL_FORMAT_VERSION)
"""The supported versions."""

EXTERNAL_PROJECT = "external_assets.yaml"
"""The project name of entries with external assets; no dbt project can have this name."""

MOST_TEXT, MOST_LABELS, LONGEST_LABEL = 2_000, 100, 200
"""Limits: the characters of a description, the numbers of tags and owners, and their length."""

Text = Annotated[str, msgspec.Meta(max_length=MOST_TEXT)]
Labels = Annotated[
    tuple[Annotated[str, msgspec.Meta(max_length=LONGEST_LABEL)], ...], msgspec.Meta(max_length=MOST_LABELS)
]

Slo = Annotated[int, msgspec.Meta(ge=0, le=10_000_000_000)]
"""In seconds: more than `scheduler.yaml` allows, and within the range of datetimes."""


class Contact(msgspec.Struct, frozen=True):
    """The contact of a team: its channel, and the people or groups to tag there."""

    channel: Annotated[str, msgspec.Meta(max_length=LONGEST_LABEL)] | None = None
    tag: Labels = ()


class AssetPipeline(msgspec.Struct, frozen=True, kw_only=True):
    """One pipeline that builds an asset: its SLO, and the waits upstream of the producing task.

    ``waits`` are sensor task_ids of the same DAG, including soft ones, so that cycles across teams can be found from
    registry entries alone.
    """

    slo_seconds: Slo | None
    exposed: bool
    waits: tuple[str, ...] = ()


class Produced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An asset and its task. ``latest_of`` is the name without a version that also refers to the latest version.

    ``held_up_by`` is, by pipeline, the upstream asset in the same DAG with the latest SLO; missing in entries of
    earlier releases. ``dag_id`` is set for external assets: the hand-written DAG. ``description``, ``tags``, ``owners``
    and ``column_descriptions`` are for display only; ``reads`` are the team's own assets that the task reads in the
    same DAG. Earlier releases ignore these five fields.
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
"""BigQuery's limits: the number of columns of a table, and the length of a column name."""

ColumnName = Annotated[str, msgspec.Meta(max_length=LONGEST_COLUMN)]
ColumnsRead = Annotated[tuple[ColumnName, ...], msgspec.Meta(max_length=MOST_COLUMNS)] | Literal["*"]


class Consumed(msgspec.Struct, frozen=True, kw_only=True):
    """A task of this team that reads an asset; ``sensor_task_id`` is null for a no_wait dependency.

    ``columns`` are those that its compiled SQL reads of another team's asset, sorted, or ``EVERY_COLUMN``; missing if
    unknown, and in entries of earlier releases.
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
    """One team's document; ``project_name`` is the name of the dbt project that publishes it.

    ``wait_timeout_seconds`` is how long the team's sensors wait for an asset without an SLO; missing in entries of
    earlier releases.
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
        """The latest asset for each name without a version. Built once: other teams may look up very many names."""
        return {made.latest_of: asset for asset, made in reversed(self.produced.items()) if made.latest_of}


class Base(msgspec.Struct, frozen=True):
    """The base of a compiled entry: the version of the published entry, or null if there was none."""

    version: str | None


def is_external(entry: Entry) -> bool:
    """Whether a team's assets are produced by hand-written DAGs; ``decode_entry`` rejects mixed entries."""
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
    """The dag_id of the DAG that produces an asset in a pipeline."""
    return made.dag_id or dag_id(made.dag_prefix, pipeline)


def find_produced(entry: Entry, name: str) -> tuple[str, Produced] | None:
    """An asset with its own name, by that name or by its name without a version; None if there is none."""
    asset = name if name in entry.produced else entry.latest.get(name)
    return None if asset is None else (asset, entry.produced[asset])


def is_of_other_project(published: Entry, entry: Entry) -> bool:
    """Whether an entry of the same team was published by another dbt project."""
    return published.project_name not in (None, entry.project_name)


def full_task_id(task_group: str | None, task_id: str) -> str:
    """The task_id in Airflow: prefixed with the task group."""
    return f"{task_group}.{task_id}" if task_group else task_id


def dag_id(dag_prefix: str, pipeline: str) -> str:
    """The dag_id of a team's generated DAG for a pipeline."""
    return f"{dag_prefix}_{pipeline}"


class AssetKey(msgspec.Struct, frozen=True, order=True):
    """The key of an asset among all teams."""

    team: str
    asset: str

    def __str__(self) -> str:
        return f"{self.team}.{self.asset}"

"""The documents of the registry's pages; ``web/src/data.ts`` declares the same fields."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.registry.entry import Acknowledged
from dbt_scheduler.registry.lookup.views import AssetPipelineView, ConsumedAsset, ConsumerTask

FORMAT_VERSION = 1

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""With a time zone, so that all values are comparable."""


class TeamLabel(msgspec.Struct, frozen=True, gc=False):
    """A team and its contact; ``external`` if hand-written DAGs produce its assets."""

    name: str
    channel: str | None
    tag: tuple[str, ...]
    external: bool


class AssetColumns(msgspec.Struct, frozen=True, kw_only=True):
    """All assets as columns of equal length, sorted by name and team; 50,000 assets fit in one small document.

    ``team`` and ``readers`` are positions in the index's teams, ``pipelines``, ``tags`` and ``owners`` in its lists of
    that name, and ``ready`` in ``readiness``. ``columns`` are an asset's column names, separated by spaces. ``slo`` is
    how many of the last runs met the SLO, and how many had an outcome.
    """

    name: list[str]
    team: list[int]
    exposed: list[Literal[0, 1]]
    pipelines: list[list[int]]
    ready: list[int]
    task: list[str]
    readers: list[list[int]]
    tags: list[list[int]]
    owners: list[list[int]]
    columns: list[str]
    slo: list[tuple[int, int] | None]


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """The document that every page starts with.

    ``folder`` contains the other documents of the same snapshot; inside Airflow it is passed with requests, so that
    positions refer to this index. ``problems`` are sentences about entries that cannot be read, and ``documents`` the
    optional documents that exist. ``history_at`` is the time of the history's export.
    """

    format_version: int = FORMAT_VERSION
    generated_at: Moment
    folder: str
    registry: str | None
    problems: tuple[str, ...]
    documents: tuple[str, ...]
    history_at: Moment | None
    airflow_url: str | None
    teams: list[TeamLabel]
    pipelines: list[str]
    tags: list[str]
    owners: list[str]
    assets: AssetColumns
    readiness: list[str]


class TaskNode(msgspec.Struct, frozen=True, gc=False):
    """A task that reads assets and produces none."""

    team: int
    task_id: str
    dag_id: str


class Edges(msgspec.Struct, frozen=True, kw_only=True):
    """The lineage of all teams as columns of equal length, from upstream to downstream.

    A node is an asset's position in the index; tasks without assets follow after the assets. A ``kind`` is the position
    in: plain (within one DAG), hard, soft, no_wait.
    """

    from_: list[int] = msgspec.field(name="from")
    to: list[int]
    kind: list[int]
    tasks: list[TaskNode]


class TeamPipeline(msgspec.Struct, frozen=True, gc=False):
    """A pipeline with its schedule as text, and the team's DAG; None if its DAGs are hand-written."""

    name: str
    schedule: str
    dag_id: str | None


class AssetColumn(msgspec.Struct, frozen=True, gc=False):
    """A documented column."""

    name: str
    type: str | None
    description: str


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """The details of an asset."""

    latest_of: str | None
    task_id: str
    exposed: bool
    description: str
    tags: tuple[str, ...]
    owners: tuple[str, ...]
    relation: str | None
    columns: tuple[AssetColumn, ...]
    promises: tuple[AssetPipelineView, ...]
    consumers: tuple[ConsumerTask, ...]


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """The details of a team; ``reads`` are assets of other teams."""

    name: str
    channel: str | None
    tag: tuple[str, ...]
    external: bool
    project: str | None
    pipelines: tuple[TeamPipeline, ...]
    assets: Mapping[str, Asset]
    reads: tuple[ConsumedAsset, ...]
    acknowledged: tuple[Acknowledged, ...]


class Findings(msgspec.Struct, frozen=True):
    """The findings of the last check, of all teams."""

    findings: tuple[Finding, ...]


class RunOfPipeline(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A DAG run: its period, when it was due, and when it ran.

    A hand-written DAG may also produce assets of ``other_teams``.
    """

    dag_id: str
    run_id: str
    team: str
    pipeline: str
    period_start: Moment
    period_end: Moment
    due: Moment
    state: str
    start: Moment | None
    end: Moment | None
    other_teams: tuple[str, ...] = ()


class Landing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When a run's task produced an asset, and when it was due by the SLO.

    ``met`` is None without an SLO, and while the outcome is open.
    """

    team: str
    asset: str
    pipeline: str
    dag_id: str
    run_id: str
    period_start: Moment
    due: Moment | None
    landed: Moment | None
    met: bool | None


class WaitInRun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A sensor in a run: what it waits for, when it started, and when it ended or times out."""

    dag_id: str
    run_id: str
    task_id: str
    team: str
    producer_team: str
    producer_asset: str
    producer_dag_id: str
    producer_task_id: str
    producer_run_id: str | None
    state: str
    start: Moment | None
    end: Moment | None
    until: Moment | None


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The runs, landings and waits of a time range; ``missing`` describes what Airflow did not return in time."""

    format_version: int = FORMAT_VERSION
    generated_at: Moment
    since: Moment
    until: Moment
    runs: tuple[RunOfPipeline, ...]
    landings: tuple[Landing, ...]
    waits: tuple[WaitInRun, ...]
    missing: tuple[str, ...] = ()


class Now(msgspec.Struct, frozen=True):
    """The open waits; runs are left out."""

    generated_at: Moment
    waits: tuple[WaitInRun, ...]
    missing: tuple[str, ...] = ()


class Landings(msgspec.Struct, frozen=True):
    """The landings of some assets in their last runs."""

    landings: tuple[Landing, ...]
    missing: tuple[str, ...] = ()


class SloMet(msgspec.Struct, frozen=True):
    """For each requested asset, how many of its last runs met the SLO and how many had an outcome; None if none had."""

    slo: list[tuple[int, int] | None]

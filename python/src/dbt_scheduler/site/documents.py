"""The documents that the registry's pages show, field by field as ``web/src/data.ts`` reads them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.registry.entry import Acknowledged
from dbt_scheduler.registry.lookup.views import AssetPipelineView, ConsumedAsset, ConsumerTask

FORMAT_VERSION = 1

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""With its zone, so that any two can be compared."""


class TeamLabel(msgspec.Struct, frozen=True, gc=False):
    """A team and whom to ask; ``external`` if its assets are made by hand-written DAGs."""

    name: str
    channel: str | None
    tag: tuple[str, ...]
    external: bool


class AssetColumns(msgspec.Struct, frozen=True, kw_only=True):
    """All assets, by name and then team, in columns of one length: 50,000 fit into one small document.

    ``team`` and ``readers`` are places in the index's teams, ``pipelines``, ``tags`` and ``owners`` in its lists of that
    name, and ``ready`` is one in ``readiness``. ``columns`` are an asset's column names joined by spaces. ``slo`` is how
    many of the last runs met the SLO, and of how many.
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
    """What every page begins with.

    ``folder`` is where the other documents of the same moment are; inside Airflow, what those are asked for by that count
    teams and assets as this one does. ``problems`` are sentences about entries that cannot be read, and ``documents`` the
    optional documents that are there. ``history_at`` is when the history was exported.
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
    """A task that reads assets and makes none."""

    team: int
    task_id: str
    dag_id: str


class Edges(msgspec.Struct, frozen=True, kw_only=True):
    """The lineage of all teams in columns of one length, from what is read to what reads it.

    A node is an asset's place in the index, or that of a task in ``tasks`` after the assets; a ``kind`` is a place in
    plain (within one DAG), hard, soft and no_wait.
    """

    from_: list[int] = msgspec.field(name="from")
    to: list[int]
    kind: list[int]
    tasks: list[TaskNode]


class TeamPipeline(msgspec.Struct, frozen=True, gc=False):
    """A pipeline with its schedule in words, and the team's DAG; None where it has several or none of ours."""

    name: str
    schedule: str
    dag_id: str | None


class AssetColumn(msgspec.Struct, frozen=True, gc=False):
    """A documented column."""

    name: str
    type: str | None
    description: str


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one asset."""

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
    """Everything about one team; ``reads`` is of other teams."""

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
    """What the last check found, of all teams."""

    findings: tuple[Finding, ...]


class RunOfPipeline(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A DAG run: the period that it is about, when it was due, and when it ran.

    A hand-written DAG may make assets of ``other_teams``, too.
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
    """When a run's task had made an asset, if it has, and by when it was promised.

    ``met`` is None without a promise, and as long as both are still possible.
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
    """What a sensor in a run waited for or waits for, from when and until when at most."""

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
    """What happened in Airflow between two moments; ``missing`` says in words what else there is, lacking time."""

    format_version: int = FORMAT_VERSION
    generated_at: Moment
    since: Moment
    until: Moment
    runs: tuple[RunOfPipeline, ...]
    landings: tuple[Landing, ...]
    waits: tuple[WaitInRun, ...]
    missing: tuple[str, ...] = ()


class Now(msgspec.Struct, frozen=True):
    """The waits that are not over; each without the run that it is for."""

    generated_at: Moment
    waits: tuple[WaitInRun, ...]
    missing: tuple[str, ...] = ()


class Landings(msgspec.Struct, frozen=True):
    """When a few assets landed in their last runs."""

    landings: tuple[Landing, ...]
    missing: tuple[str, ...] = ()


class SloMet(msgspec.Struct, frozen=True):
    """Of each asset that was asked for, how many of its last runs met the SLO and of how many; None without any."""

    slo: list[tuple[int, int] | None]

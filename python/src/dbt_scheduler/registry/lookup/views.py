"""Views of the registry: an asset with its SLOs and consumers, and a team's dependencies."""

from collections.abc import Iterator

import msgspec
from msgspec import UNSET

from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.downstream import Downstream
from dbt_scheduler.registry.entry import (
    AssetKey,
    ColumnsRead,
    Consumed,
    Produced,
    dag_id,
    find_produced,
    full_task_id,
    making_dag_id,
)
from dbt_scheduler.registry.producer import producer_of
from dbt_scheduler.schedule import format_readiness
from dbt_scheduler.spec import Producer


class AssetPipelineView(msgspec.Struct, frozen=True):
    """An asset in one pipeline: its DAG, whether it is exposed, and its SLO."""

    pipeline: str
    dag_id: str
    exposed: bool
    slo_seconds: int | None
    ready: str


class ConsumerTask(msgspec.Struct, frozen=True):
    """A task that reads an asset, its dependency kind, and the columns that it reads; None if unknown."""

    team: str
    channel: str | None
    dag_id: str
    task_id: str
    dependency: str
    producer_pipeline: str
    columns: ColumnsRead | None = None


class AssetView(msgspec.Struct, frozen=True, kw_only=True):
    """An asset with its producer, SLOs, relation, description and consumers."""

    asset: str
    team: str
    channel: str | None
    latest_of: str | None
    task_id: str
    exposed: bool
    description: str
    tags: tuple[str, ...]
    owners: tuple[str, ...]
    promises: tuple[AssetPipelineView, ...]
    relation: str | None
    columns: dict[str, str | None]
    column_descriptions: dict[str, str]
    consumers: tuple[ConsumerTask, ...]


class ConsumedAsset(msgspec.Struct, frozen=True):
    """Another team's asset that a task reads.

    ``ready`` is None if it is no longer produced, ``columns``, those that the task reads, if they are unknown.
    """

    asset: str
    team: str
    channel: str | None
    ready: str | None
    dependency: str
    dag_id: str
    task_id: str
    columns: ColumnsRead | None = None


def view_asset(key: AssetKey, directory: Directory, readers: Downstream) -> AssetView:
    """Everything about one asset."""
    made, entry = directory.produced(key), directory.entries[key.team]
    return AssetView(
        asset=key.asset,
        team=key.team,
        channel=entry.contact.channel,
        latest_of=made.latest_of,
        task_id=full_task_id(made.task_group, made.task_id),
        exposed=made.exposed,
        description=made.description,
        tags=made.tags,
        owners=made.owners,
        promises=tuple(_promise(key.team, made, name, directory) for name in made.pipelines),
        relation=str(made.relation) if made.relation else None,
        columns=made.columns,
        column_descriptions=made.column_descriptions,
        consumers=tuple(_consumers(key, directory, readers)),
    )


def view_assets(directory: Directory, *, all_: bool) -> Iterator[AssetView]:
    """The exposed assets of all teams, or all assets, by name."""
    readers = Downstream(directory)
    keys = (AssetKey(team, asset) for team, entry in directory.entries.items() for asset in entry.produced)
    for key in sorted(keys, key=lambda key: (key.asset, key.team)):
        if all_ or directory.produced(key).exposed:
            yield view_asset(key, directory, readers)


def view_consumed(team: str, directory: Directory) -> Iterator[ConsumedAsset]:
    """The assets of other teams that a team's tasks read, by producer and asset."""
    entry = directory.entries[team]
    for producer, assets in entry.consumed.items():
        other = directory.entries.get(producer)
        for asset, tasks in assets.items() if producer != team else ():
            found = find_produced(other, asset) if other else None
            for task in tasks:
                schedule = entry.pipelines[task.pipeline]
                yield ConsumedAsset(
                    found[0] if found else asset,
                    producer,
                    other.contact.channel if other else None,
                    _ready(producer_of(other, found[1], task.pipeline, schedule, own=False))
                    if other and found
                    else None,
                    task.dependency,
                    dag_id(entry.dag_prefix, task.pipeline),
                    full_task_id(task.task_group, task.task_id),
                    _columns(task),
                )


def _consumers(key: AssetKey, directory: Directory, readers: Downstream) -> Iterator[ConsumerTask]:
    for reader in readers.all_teams(key):
        prefix = directory.entries[reader.team].dag_prefix
        for task in reader.tasks:
            yield ConsumerTask(
                reader.team,
                reader.contact.channel,
                dag_id(prefix, task.pipeline),
                full_task_id(task.task_group, task.task_id),
                task.dependency,
                task.producer_pipeline,
                _columns(task),
            )


def _columns(task: Consumed) -> ColumnsRead | None:
    return None if task.columns is UNSET else task.columns


def _promise(team: str, made: Produced, pipeline: str, directory: Directory) -> AssetPipelineView:
    promise, schedule = made.pipelines[pipeline], directory.entries[team].pipelines[pipeline]
    ready = format_readiness(pipeline, schedule, promise.slo_seconds)
    return AssetPipelineView(
        pipeline, making_dag_id(made, pipeline), promise.exposed, promise.slo_seconds, ready
    )


def _ready(producer: Producer) -> str:
    """The SLO in the pipeline that the task waits for now, which may differ from the compiled one."""
    return format_readiness(producer.pipeline, producer.schedule, producer.slo_seconds)

"""Builds a team's registry entry: the assets that it produces and, once its graph is known, consumes."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import UNSET

from dbt_scheduler.config.types import PlatformConfig
from dbt_scheduler.graph.columns_read import ColumnReads
from dbt_scheduler.graph.lineage import DagGraph, TeamGraph
from dbt_scheduler.graph.task_ids import group_of, name_of, sensor_task_ids
from dbt_scheduler.project.manifest import Column
from dbt_scheduler.project.types import Project, ProjectTask, node_relation
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.entry import (
    LONGEST_LABEL,
    MOST_LABELS,
    MOST_TEXT,
    Acknowledged,
    AssetPipeline,
    Consumed,
    Contact,
    Entry,
    Produced,
)
from dbt_scheduler.schedule import most_frequent
from dbt_scheduler.spec import Schedule

_MOST_COLUMN_TEXT = 10_000_000
"""The maximum number of characters of all column descriptions; a larger team is published without them."""

_MOST_COLUMNS_READ = 10_000_000
"""The maximum number of characters of all column names that a team reads; beyond it, they are omitted."""


def produced_entry(
    project: Project, exposed: Mapping[str, Mapping[str, int | None]], platform: PlatformConfig
) -> Entry:
    """The entry from the team's own files, without consumed assets and waits."""
    schedules = {name: pipeline.schedule for name, pipeline in platform.pipelines.items()}
    latest = {asset: bare for bare, asset in project.latest.items()}
    produced = {
        asset: _produced(project, task, exposed.get(asset, {}), schedules, latest.get(asset))
        for asset, maker in sorted(project.assets.items())
        if (task := project.tasks[maker]).pipelines
    }
    return Entry(
        project_name=project.manifest.metadata.project_name,
        dag_prefix=project.dag_prefix,
        contact=Contact(project.config.alerting.channel, project.config.alerting.tag),
        pipelines={pipeline: schedules[pipeline] for pipeline in project.pipelines},
        produced=_with_bounded_texts(_from_tables(project, produced)),
        consumed={},
        wait_timeout_seconds=platform.defaults.wait_timeout_seconds,
        acknowledged_changes=tuple(
            Acknowledged(each.asset, each.change, each.reason) for each in project.config.acknowledged_changes
        ),
    )


def complete_entry(entry: Entry, graph: TeamGraph) -> Entry:
    """The entry with the waits and the latest SLO upstream of each asset, and with all that the team's tasks consume."""
    project = graph.project
    waits = {pipeline: _sensors_above(dag) for pipeline, dag in graph.dags.items()}
    promised = {pipeline: _promised_above(entry, dag) for pipeline, dag in graph.dags.items()}
    produced = {
        asset: msgspec.structs.replace(
            made,
            pipelines={
                pipeline: msgspec.structs.replace(promise, waits=waits[pipeline][project.assets[asset]])
                for pipeline, promise in made.pipelines.items()
            },
            held_up_by={
                pipeline: promised[pipeline][maker][1]
                for pipeline in made.pipelines
                if (maker := project.assets[asset]) in promised[pipeline]
            },
            reads=_reads(graph, project.assets[asset], asset),
        )
        for asset, made in entry.produced.items()
    }
    return msgspec.structs.replace(entry, produced=produced, consumed=_consumed(graph))


def _produced(
    project: Project,
    task: ProjectTask,
    exposed: Mapping[str, int | None],
    schedules: Mapping[str, Schedule],
    latest_of: str | None,
) -> Produced:
    named = {pipeline: schedules[pipeline] for pipeline in (exposed or task.pipelines)}
    main = most_frequent(named)
    return Produced(
        dag_prefix=project.dag_prefix,
        task_group=group_of(task),
        task_id=name_of(task.name),
        pipeline=main,
        slo_seconds=exposed.get(main),
        pipelines={
            pipeline: AssetPipeline(slo_seconds=exposed.get(pipeline), exposed=pipeline in exposed)
            for pipeline in sorted(task.pipelines)
        },
        exposed=bool(exposed),
        relation=node_relation(task.node) if task.node else None,
        columns=_types(task.node.columns) if task.node else {},
        latest_of=latest_of,
        description=_cut(task.node.description, MOST_TEXT) if task.node else "",
        tags=_labels(task.node.tags) if task.node else (),
        owners=_labels(task.owners),
        column_descriptions=_column_descriptions(task.node.columns) if task.node else {},
    )


def _column_descriptions(columns: Mapping[str, Column]) -> dict[str, str]:
    return {
        name: _cut(column.description, MOST_TEXT) for name, column in columns.items() if column.description
    }


def _labels(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({_cut(name, LONGEST_LABEL) for name in names}))[:MOST_LABELS]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _with_bounded_texts(produced: dict[str, Produced]) -> dict[str, Produced]:
    texts = (text for made in produced.values() for text in made.column_descriptions.values())
    if sum(map(len, texts)) <= _MOST_COLUMN_TEXT:
        return produced
    return {asset: msgspec.structs.replace(made, column_descriptions={}) for asset, made in produced.items()}


def _types(columns: Mapping[str, Column]) -> dict[str, str | None]:
    return {name: column.data_type for name, column in columns.items()}


def _from_tables(project: Project, produced: dict[str, Produced]) -> dict[str, Produced]:
    """Add the relations, columns and texts of declared tasks' assets, from their dbt source tables."""
    for table, asset in project.table_assets.items():
        if asset in produced:
            source = project.tables[table]
            produced[asset] = msgspec.structs.replace(
                produced[asset],
                relation=source.relation,
                columns=_types(source.columns),
                description=_cut(source.description, MOST_TEXT),
                tags=_labels(source.tags),
                column_descriptions=_column_descriptions(source.columns),
            )
    return produced


def _reads(graph: TeamGraph, task: str, asset: str) -> tuple[str, ...]:
    """The team's own other assets that the task reads within its DAGs, in any of its pipelines."""
    project = graph.project
    origins = {origin for dag in graph.dags.values() for origin in dag.reads.get(task, ())}
    return tuple(sorted({project.asset(origin) for origin in origins} - {asset}))


def _sensors_above(dag: DagGraph) -> dict[str, tuple[str, ...]]:
    """For each task the sensors upstream of it in its DAG."""
    ids = sensor_task_ids(dag)
    above: dict[str, frozenset[str]] = {}
    for task in dag.parents_first:
        own = frozenset(ids[wait] for wait in dag.waits[task] if wait in ids)
        above[task] = own.union(*(above.get(parent, frozenset()) for parent in dag.upstream[task]))
    return {task: tuple(sorted(found)) for task, found in above.items()}


def _promised_above(entry: Entry, dag: DagGraph) -> dict[str, tuple[int, str]]:
    """For each task that has one, the latest SLO in seconds upstream of it in its DAG, and the asset."""
    above: dict[str, tuple[int, str]] = {}
    for task in dag.parents_first:
        needs = [above[parent] for parent in dag.upstream[task] if parent in above]
        for parent in dag.upstream[task]:
            # All assets of a task are ready at the same time, so its earliest SLO applies.
            needs += sorted(_promised(entry, dag, parent))[:1]
        if needs:
            above[task] = max(needs)
    return above


def _promised(entry: Entry, dag: DagGraph, task: str) -> Iterator[tuple[int, str]]:
    for asset in dag.tasks[task].assets:
        made = entry.produced.get(asset)
        promise = made.pipelines.get(dag.pipeline) if made else None
        if promise and promise.slo_seconds is not None:
            yield promise.slo_seconds, asset


def with_columns_read(entry: Entry, graph: TeamGraph, directory: Directory) -> Entry:
    """The entry with the columns that the team's tasks read of other teams' assets, unless they are too many."""
    columns = ColumnReads(graph, directory)
    consumed = _consumed(graph, columns)
    names = (
        name
        for assets in consumed.values()
        for readers in assets.values()
        for each in readers
        for name in each.columns or ()
    )
    return (
        entry
        if sum(map(len, names)) > _MOST_COLUMNS_READ
        else msgspec.structs.replace(entry, consumed=consumed)
    )


def _consumed(
    graph: TeamGraph, columns: ColumnReads | None = None
) -> dict[str, dict[str, tuple[Consumed, ...]]]:
    found: dict[str, dict[str, list[Consumed]]] = {}
    for pipeline, dag in sorted(graph.dags.items()):
        ids = sensor_task_ids(dag)
        for unique_id, waits in dag.waits.items():
            task = dag.tasks[unique_id]
            for wait in waits:
                read = columns.of(task, wait.key) if columns and wait.key.team != graph.project.team else None
                reader = Consumed(
                    pipeline=pipeline,
                    producer_pipeline=wait.producer_pipeline,
                    task_group=group_of(task),
                    task_id=name_of(task.name),
                    sensor_task_id=ids.get(wait),
                    dependency=str(wait.dependency),
                    columns=UNSET if read is None else read,
                )
                found.setdefault(wait.key.team, {}).setdefault(wait.key.asset, []).append(reader)
    return {
        team: {asset: tuple(sorted(readers, key=_order)) for asset, readers in sorted(assets.items())}
        for team, assets in sorted(found.items())
    }


def _order(reader: Consumed) -> tuple[str, str, str]:
    return (reader.pipeline, reader.task_group or "", reader.task_id)

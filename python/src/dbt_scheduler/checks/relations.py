"""Edges that dbt cannot see: a plain source that somebody's task fills."""

from collections.abc import Iterator

import msgspec

from dbt_scheduler.findings.catalogue.assets import READS_ITSELF, SCH306, SCH307, SCH323, WOULD_CLOSE_A_CYCLE
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import table_location
from dbt_scheduler.project.reading import built_from, readers
from dbt_scheduler.project.types import Project, Table, node_relation
from dbt_scheduler.registry.relation import Relation, Relations


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH306, SCH307, SCH323: a source that lives where another team's asset, or an own model, lives."""
    project = team.project
    own, read_by = Relations(_own(project)), readers(project)
    unread: list[Table] = []
    for table in project.tables.values():
        if table.is_global or table.id in project.makers:
            continue
        made = () if table.own_table else own.at(table.relation)
        keys = [key for key in workspace.directory.at(table.relation) if key.team != project.team]
        if (made or keys) and table.id not in read_by:
            unread.append(table)
            continue
        location, name = table_location(project.folder, table), table.full_name
        for each in made:
            hint = _own_hint(project, each, read_by[table.id])
            words = {"node": each.shown, "name": each.name}
            yield SCH307.at(*location, subject=name, source=name, relation=table.relation, hint=hint, **words)
        for key in keys:
            words = {"asset": key.asset, "team": key.team}
            yield SCH306.at(*location, subject=name, source=name, relation=table.relation, **words)
    if unread:
        first = unread[0]
        location = table_location(project.folder, first)
        yield SCH323.at(*location, subject=first.full_name, source=first.full_name, count=len(unread))


class _Own(msgspec.Struct, frozen=True):
    """A table that this project makes: who makes it, in words, and what it is called here."""

    maker: str
    shown: str
    name: str
    table: Table | None = None


def _own(project: Project) -> Iterator[tuple[Relation, _Own]]:
    for task in project.tasks.values():
        if task.node and not task.node.ephemeral:
            shown = f"the {task.node.resource_type} {task.node.name}"
            yield node_relation(task.node), _Own(task.id, shown, task.node.name)
    for table_id, maker in project.makers.items():
        table = project.tables[table_id]
        shown = f"the source {table.full_name}, which task {project.tasks[maker].name} fills"
        yield table.relation, _Own(maker, shown, table.full_name, table)


def _own_hint(project: Project, own: _Own, read_by: list[str]) -> str | None:
    """How to read it: a task by its conditions, and a node otherwise where ``ref()`` would make dbt refuse it."""
    if own.table and own.maker in read_by:
        return READS_ITSELF
    tasks = [project.tasks[reader] for reader in read_by if reader in project.tasks]
    task = next((task for task in tasks if task.declaration), None)
    if task and all(task.declaration for task in tasks) and len(tasks) == len(read_by):
        return f'name "{own.name}" in the conditions of task "{task.name}" instead'
    if own.table:
        return f'use source("{own.table.source_name}", "{own.table.name}") instead'
    below = built_from(project, own.maker)
    circular = [reader for reader in read_by if reader in below]
    return WOULD_CLOSE_A_CYCLE.format(name=own.name, reader=circular[0]) if circular else None

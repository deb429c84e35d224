"""Edges that dbt cannot see: a plain source that somebody's task fills."""

from collections.abc import Iterator

from dbt_scheduler.findings.catalogue.assets import SCH306, SCH307, SCH323, WOULD_CLOSE_A_CYCLE
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import table_location
from dbt_scheduler.project.manifest import Node
from dbt_scheduler.project.reading import built_from, readers
from dbt_scheduler.project.types import Project, Table, node_relation
from dbt_scheduler.registry.relation import Relations


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH306, SCH307, SCH323: a source that lives where another team's asset, or an own model, lives."""
    project = team.project
    own, read_by = _own_relations(project), readers(project)
    unread: list[Table] = []
    for table in project.tables.values():
        if table.is_global or table.id in project.makers:
            continue
        nodes = () if table.own_table else own.at(table.relation)
        keys = [key for key in workspace.directory.at(table.relation) if key.team != project.team]
        if (nodes or keys) and table.id not in read_by:
            unread.append(table)
            continue
        location, name = table_location(project.folder, table), table.full_name
        for node in nodes:
            hint = _own_hint(project, node, read_by[table.id])
            words = {"node": f"the {node.resource_type} {node.name}", "name": node.name}
            yield SCH307.at(*location, subject=name, source=name, relation=table.relation, hint=hint, **words)
        for key in keys:
            words = {"asset": key.asset, "team": key.team}
            yield SCH306.at(*location, subject=name, source=name, relation=table.relation, **words)
    if unread:
        first = unread[0]
        location = table_location(project.folder, first)
        yield SCH323.at(*location, subject=first.full_name, source=first.full_name, count=len(unread))


def _own_hint(project: Project, node: Node, read_by: list[str]) -> str | None:
    """Where ``ref()`` would make dbt refuse the project, what else there is to do."""
    below = built_from(project, node.unique_id)
    circular = [reader for reader in read_by if reader in below]
    return WOULD_CLOSE_A_CYCLE.format(name=node.name, reader=circular[0]) if circular else None


def _own_relations(project: Project) -> Relations[Node]:
    nodes = [task.node for task in project.tasks.values() if task.node and not task.node.ephemeral]
    return Relations((node_relation(node), node) for node in nodes)

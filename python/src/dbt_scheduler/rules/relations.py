"""Edges that dbt cannot see: a plain source that somebody's task fills."""

from collections.abc import Iterator

from dbt_scheduler.catalogue.assets import SCH306, SCH307
from dbt_scheduler.errors import Finding
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.manifest import Node
from dbt_scheduler.project.places import table_place
from dbt_scheduler.project.types import Project, node_relation
from dbt_scheduler.relation import Relations


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH306, SCH307: a source that lives where another team's asset, or a model of this project, lives."""
    project = team.project
    own = _own_relations(project)
    for table in project.tables.values():
        if table.is_global or table.id in project.makers:
            continue
        for node in own.at(table.relation):
            yield SCH307.at(
                *table_place(project.folder, table),
                subject=table.full_name,
                source=table.full_name,
                relation=table.relation,
                node=f"the {node.resource_type} {node.name}",
                name=node.name,
            )
        for key in workspace.directory.at(table.relation):
            if key.team != project.team:
                yield SCH306.at(
                    *table_place(project.folder, table),
                    subject=table.full_name,
                    source=table.full_name,
                    relation=table.relation,
                    asset=key.asset,
                    team=key.team,
                )


def _own_relations(project: Project) -> Relations[Node]:
    nodes = [work.node for work in project.works.values() if work.node and not work.node.ephemeral]
    return Relations((node_relation(node), node) for node in nodes)

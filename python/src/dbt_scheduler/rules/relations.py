"""Edges that dbt cannot see: a plain source that somebody's task fills."""

from collections.abc import Iterator

from dbt_scheduler.catalogue.assets import SCH306, SCH307
from dbt_scheduler.errors import Finding
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.manifest import Node
from dbt_scheduler.project.places import table_place
from dbt_scheduler.project.types import Project
from dbt_scheduler.registry import Relation


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH306, SCH307: a source that lives where another team's asset, or a model of this project, lives."""
    project = team.project
    own = _own_relations(project)
    for table in project.tables.values():
        if table.is_global or table.id in project.makers:
            continue
        node = own.get(_key(table.relation))
        if node is not None:
            yield SCH307.at(
                *table_place(project.folder, table),
                subject=table.full_name,
                source=table.full_name,
                relation=_shown(table.relation),
                node=f"the {node.resource_type} {node.name}",
                name=node.name,
            )
        for key in workspace.directory.at(table.relation):
            if key.team != project.team:
                yield SCH306.at(
                    *table_place(project.folder, table),
                    subject=table.full_name,
                    source=table.full_name,
                    relation=_shown(table.relation),
                    asset=key.asset,
                    team=key.team,
                )


def _own_relations(project: Project) -> dict[tuple[str, str, str], Node]:
    nodes = [work.node for work in project.works.values() if work.node and not work.node.ephemeral]
    return {_key(Relation(node.database, node.schema, node.alias or node.name)): node for node in nodes}


def _key(relation: Relation) -> tuple[str, str, str]:
    # Within one project dbt fills in the database of both sides, so it always counts.
    return ((relation.database or "").lower(), (relation.schema or "").lower(), relation.identifier.lower())


def _shown(relation: Relation) -> str:
    return ".".join(part for part in (relation.database, relation.schema, relation.identifier) if part)

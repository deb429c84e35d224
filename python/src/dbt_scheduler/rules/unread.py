"""Declarations that create no dependency."""

from collections.abc import Iterator

from dbt_scheduler.catalogue.global_assets import SCH317
from dbt_scheduler.errors import Finding
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.places import table_place


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH317: a table that is declared global, and that no node or declared task reads."""
    project = team.project
    unread = {table.id for table in project.tables.values() if table.is_global and not table.external}
    for work in project.works.values() if unread else ():
        unread.difference_update(work.parents)
    for table in unread:
        name = project.tables[table].full_name
        place = table_place(project.folder, project.tables[table])
        yield SCH317.at(*place, subject=project.tables[table].name, source=name)

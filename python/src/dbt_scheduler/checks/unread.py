"""Declarations that create no dependency."""

from collections.abc import Iterator

from dbt_scheduler.findings.catalogue.global_assets import SCH317
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import table_location
from dbt_scheduler.project.reading import readers


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH317: a table that is declared global, and that no node, declared task or exposure reads."""
    project = team.project
    unread = {table.id for table in project.tables.values() if table.is_global and not table.external}
    for table in sorted(unread - readers(project).keys()) if unread else ():
        name = project.tables[table].full_name
        location = table_location(project.folder, project.tables[table])
        yield SCH317.at(*location, subject=project.tables[table].name, source=name)

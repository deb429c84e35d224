"""Declarations that create no dependency."""

from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.finding import Finding, Rule, Severity
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import table_location
from dbt_scheduler.project.reading import readers

SCH317 = Rule(
    code="SCH317",
    severity=Severity.WARNING,
    summary="A global asset is declared but not read",
    message='global asset "{source}" is declared, but no node, task or exposure of this project reads it',
    hint="remove the declaration, or read it with source()",
    why="The declaration alone creates no dependency: nothing waits for the asset, and this team is not "
    "listed among its consumers. Tests on the source do not wait for it either.",
    example="""\
# models/global_assets/global_sources.yml
sources:
  - name: shipping
    tables: [{name: fct_shipments}]   # but the model selects from the table by its name in the warehouse
""",
    fix='Select from `{{ source("shipping", "fct_shipments") }}`, add it to the `conditions` of a task, or '
    "remove the declaration.",
)


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH317: a global source table that no node, declared task or exposure reads."""
    project = team.project
    unread = {table.id for table in project.tables.values() if table.is_global and not table.external}
    for table in sorted(unread - readers(project).keys()) if unread else ():
        name = project.tables[table].full_name
        location = table_location(project.folder, project.tables[table])
        yield SCH317.at(*location, subject=project.tables[table].name, source=name)


PLUGIN = Check(team=check)

"""Whether anything of a team is scheduled."""

from collections.abc import Iterator

from dbt_scheduler.findings.catalogue.assets import SCH305
from dbt_scheduler.findings.catalogue.nodes import SCH116
from dbt_scheduler.findings.finding import Finding, Severity
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.graph.workspace import Team, Workspace


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH116: a project of which nothing runs, and of which nothing else is wrong that would explain it."""
    project = team.project
    own = project.manifest.metadata.project_name
    nodes = [w for w in project.tasks.values() if w.node and w.assets and w.node.package_name == own]
    explained = any(each.severity is Severity.ERROR or each.code == SCH305.code for each in team.findings)
    if nodes and not project.pipelines and project.config.dbt_settings.enabled and not explained:
        yield SCH116.at(str(project.folder / "dbt_project.yml"), count=format_count(len(nodes), "node"))

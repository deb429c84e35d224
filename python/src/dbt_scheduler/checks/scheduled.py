"""Checks that a team has scheduled nodes or tasks."""

from collections.abc import Iterator

from dbt_scheduler.checks import Check, is_ignored
from dbt_scheduler.findings.catalogue.assets import SCH305
from dbt_scheduler.findings.catalogue.nodes import SCH114
from dbt_scheduler.findings.finding import Finding, Rule, Severity
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.graph.workspace import Team, Workspace

SCH116 = Rule(
    code="SCH116",
    severity=Severity.WARNING,
    summary="A team has no scheduled nodes",
    message="nothing is scheduled: no pipeline runs any of the {count} of this project, so the team has no DAG",
    hint="add pipelines, for example to whole folders with +meta: {scheduler_defaults: {pipelines: [...]}} in dbt_project.yml",
    why="`compile` writes no DAG for this team, and removes its existing ones.",
    example="""\
# dbt_project.yml, after the only section with pipelines was removed
models:
  +materialized: table
""",
    fix="Add `pipelines` to the nodes that should run. If none should, remove the team from the deployment.",
)

_EXPLAINING = frozenset({SCH114.code, SCH305.code})


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH116: a project without scheduled nodes, unless another finding explains it."""
    project = team.project
    own = project.manifest.metadata.project_name
    nodes = [t for t in project.tasks.values() if t.node and t.assets and t.node.package_name == own]
    if nodes and not project.pipelines and project.config.dbt_settings.enabled and not _is_explained(team):
        yield SCH116.at(str(project.folder / "dbt_project.yml"), count=format_count(len(nodes), "node"))


def _is_explained(team: Team) -> bool:
    """Whether a finding explains it; findings that the team ignores do not count."""
    return any(
        (each.severity is Severity.ERROR or each.code in _EXPLAINING) and not is_ignored(each, team)
        for each in team.findings
    )


PLUGIN = Check(team=check)

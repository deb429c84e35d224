"""Whether anything of a team is scheduled."""

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
    summary="Nothing of a team is scheduled",
    message="nothing is scheduled: the project has {count}, and no pipeline runs any, so the team has no DAG",
    hint="give them pipelines, for whole folders with +meta: {scheduler_defaults: {pipelines: [...]}} in dbt_project.yml",
    why="`compile` writes no DAG for such a team, and removes those that it had.",
    example="""\
# dbt_project.yml, after pipelines were taken out of the only section that had them
models:
  +materialized: table
""",
    fix="Give the nodes that shall run `pipelines`. If nothing shall run, leave the team out of the deployment.",
)

_EXPLAINING = frozenset({SCH114.code, SCH305.code})


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH116: a project of which nothing runs, and of which nothing else is wrong that would explain it."""
    project = team.project
    own = project.manifest.metadata.project_name
    nodes = [t for t in project.tasks.values() if t.node and t.assets and t.node.package_name == own]
    if nodes and not project.pipelines and project.config.dbt_settings.enabled and not _is_explained(team):
        yield SCH116.at(str(project.folder / "dbt_project.yml"), count=format_count(len(nodes), "node"))


def _is_explained(team: Team) -> bool:
    """Whether a finding says why; one that the team ignores says nothing."""
    return any(
        (each.severity is Severity.ERROR or each.code in _EXPLAINING) and not is_ignored(each, team)
        for each in team.findings
    )


PLUGIN = Check(team=check)

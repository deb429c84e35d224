"""Rules about names that must be unique on the platform."""

from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.catalogue.assets import SCH318
from dbt_scheduler.findings.catalogue.identity import SCH331, SCH332
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.registry.dag_ids import taken_ids
from dbt_scheduler.registry.entry import is_of_other_project
from dbt_scheduler.registry.publishers import project_problem, same_but_for_case


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH310, SCH318, SCH322, SCH331, SCH332: a dag_id or team that is also someone else's."""
    project = team.project
    location = (str(project.folder / "scheduler.yaml"), project.config.line)
    listed, prefix = workspace.platform.teams or (), workspace.platform.dag_prefix
    for taken in taken_ids(project.team, workspace.directory.entries, listed, prefix):
        yield taken.rule.at(*location, subject=taken.subject, **taken.words)
    published = workspace.published.get(project.team)
    if published is not None and is_of_other_project(published, team.entry):
        names = {"other": published.project_name, "project": team.entry.project_name}
        yield SCH318.at(*location, subject=project.team, team=project.team, **names)
    problem = project_problem(project.team, team.entry.project_name, workspace.platform.teams)
    if problem:
        yield SCH331.at(*location, subject=project.team, team=project.team, problem=problem)
    other = same_but_for_case(project.team, workspace.directory.entries)
    if other:
        yield SCH332.at(*location, subject=project.team, team=project.team, other=other)


PLUGIN = Check(team=check)

"""Names that must be a team's own on the whole platform."""

from collections.abc import Iterator

from dbt_scheduler.catalogue.assets import SCH310, SCH318
from dbt_scheduler.catalogue.identity import SCH331, SCH332
from dbt_scheduler.errors import Finding
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.publishers import project_problem, same_but_for_case
from dbt_scheduler.registry import dag_id, others_dag_ids, others_entry


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH310, SCH318, SCH331, SCH332: a dag_id, or a team, that is another's."""
    project = team.project
    place = (str(project.folder / "scheduler.yaml"), project.config.line)
    taken = others_dag_ids(workspace.directory.entries, project.team)
    for pipeline in project.pipelines:
        own = dag_id(project.dag_prefix, pipeline)
        if own in taken:
            yield SCH310.at(*place, subject=own, dag_id=own, team=project.team, other=taken[own])
    published = workspace.published.get(project.team)
    if published is not None and others_entry(published, team.entry):
        names = {"other": published.project_name, "project": team.entry.project_name}
        yield SCH318.at(*place, subject=project.team, team=project.team, **names)
    problem = project_problem(project.team, team.entry.project_name, workspace.platform.teams)
    if problem:
        yield SCH331.at(*place, subject=project.team, team=project.team, problem=problem)
    other = same_but_for_case(project.team, workspace.directory.entries)
    if other:
        yield SCH332.at(*place, subject=project.team, team=project.team, other=other)

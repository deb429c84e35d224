"""Tasks that wait for each other in a circle, within a DAG or across teams."""

from collections.abc import Iterable, Iterator

from dbt_scheduler.findings.catalogue.assets import SCH309
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import Place, work_place
from dbt_scheduler.registry.entry import full_task_id
from dbt_scheduler.registry.upstream import circle_words, circles, circles_behind, team_of


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH309: every circle within a DAG of the team."""
    for dag in team.graph.dags.values():
        names = {work_id: full_task_id(work.group, work.name) for work_id, work in dag.works.items()}
        works = {names[work.id]: work for work in dag.works.values()}
        needs = {names[work]: {names[parent] for parent in parents} for work, parents in dag.upstream.items()}
        for loop in circles(needs):
            place = work_place(team.project.folder, works[loop[0]])
            yield SCH309.at(*place, subject=loop[0], loop=" → ".join(loop))


def check_across(workspace: Workspace) -> Iterator[tuple[str, Finding]]:
    """SCH309: every circle across teams, told to the first of its teams that is at hand."""
    entries = workspace.directory.entries
    for loop in circles_behind(entries, [team.project.team for team in workspace.teams]):
        members = set(map(team_of, loop))
        team = next((each for each in workspace.teams if each.project.team in members), None)
        if team is not None:
            subject = loop[0].partition(" ")[0]
            told = circle_words(loop, entries)
            yield team.project.team, SCH309.at(*_place(team, loop), subject=subject, loop=told)


def _place(team: Team, loop: Iterable[str]) -> Place:
    """Where the first of the loop's assets that this team makes is configured."""
    project = team.project
    steps = (step.partition(".") for step in loop)
    assets = (asset.rpartition(" (")[0] for member, _, asset in steps if member == project.team)
    return work_place(project.folder, project.works[project.assets[next(assets)]])

"""Dependency cycles of tasks, within a DAG or across teams."""

from collections.abc import Iterable, Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.catalogue.assets import SCH309
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.project.locations import Location, task_location
from dbt_scheduler.registry.entry import full_task_id
from dbt_scheduler.registry.upstream import PipelineAsset, find_cycles, find_cycles_behind, format_cycle


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH309: every cycle within a DAG of the team."""
    for dag in team.graph.dags.values():
        names = {unique_id: full_task_id(task.group, task.name) for unique_id, task in dag.tasks.items()}
        tasks = {names[task.id]: task for task in dag.tasks.values()}
        needs = {names[task]: {names[parent] for parent in parents} for task, parents in dag.upstream.items()}
        for loop in find_cycles(needs):
            location = task_location(team.project.folder, tasks[loop[0]])
            yield SCH309.at(*location, subject=loop[0], loop=" → ".join(loop))


def check_across(workspace: Workspace) -> Iterator[tuple[str, Finding]]:
    """SCH309: every cycle across teams, reported to the first of its teams that is being checked."""
    entries = workspace.directory.entries
    for loop in find_cycles_behind(entries, [team.project.team for team in workspace.teams]):
        members = {step.team for step in loop}
        team = next((each for each in workspace.teams if each.project.team in members), None)
        if team is not None:
            cycle = format_cycle(loop, entries)
            yield team.project.team, SCH309.at(*_location(team, loop), subject=loop[0].name, loop=cycle)


def _location(team: Team, loop: Iterable[PipelineAsset]) -> Location:
    """Where the first of this team's assets in the cycle is configured."""
    project = team.project
    asset = next(step.asset for step in loop if step.team == project.team)
    return task_location(project.folder, project.tasks[project.assets[asset]])


PLUGIN = Check(team=check, across=check_across)

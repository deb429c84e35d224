"""Tasks that wait for each other in a circle, within a DAG or across teams."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from dbt_scheduler.catalogue.assets import SCH309
from dbt_scheduler.errors import Finding
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.needs import Made, Needs
from dbt_scheduler.project.places import Place, work_place
from dbt_scheduler.registry import Directory, full_task_id

Graph = dict[str, set[str]]
"""For each task, or each asset as it is made in one pipeline, what must be made before it."""


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH309: every circle within a DAG of the team."""
    for dag in team.graph.dags.values():
        names = {work_id: full_task_id(work.group, work.name) for work_id, work in dag.works.items()}
        works = {names[work.id]: work for work in dag.works.values()}
        needs = {names[work]: {names[parent] for parent in parents} for work, parents in dag.upstream.items()}
        for loop in _loops(needs):
            place = work_place(team.project.folder, works[loop[0]])
            yield SCH309.at(*place, subject=loop[0], loop=" → ".join(loop))


def check_across(workspace: Workspace) -> Iterator[tuple[str, Finding]]:
    """SCH309: every circle across teams, told to the first of its teams that is at hand."""
    for loop in _loops(_needs(workspace)):
        members = {step.partition(".")[0] for step in loop}
        team = next((each for each in workspace.teams if each.project.team in members), None)
        if team is not None:
            told = " → ".join(_with_channel(step, workspace.directory) for step in loop)
            subject = loop[0].partition(" ")[0]
            yield team.project.team, SCH309.at(*_place(team, loop), subject=subject, loop=told)


def _place(team: Team, loop: Iterable[str]) -> Place:
    """Where the first of the loop's assets that this team makes is configured."""
    project = team.project
    steps = (step.partition(".") for step in loop)
    assets = (asset.rpartition(" (")[0] for member, _, asset in steps if member == project.team)
    return work_place(project.folder, project.works[project.assets[next(assets)]])


def _needs(workspace: Workspace) -> Graph:
    """From the registry's documents, as far as they stand behind the assets of the teams at hand."""
    needs = Needs(workspace.directory.entries)
    stack = [
        Made(team.project.team, asset, pipeline)
        for team in workspace.teams
        for asset, made in team.entry.produced.items()
        for pipeline in made.pipelines
    ]
    graph: Graph = {}
    while stack:
        made = stack.pop()
        if str(made) not in graph:
            found = needs.of(made)
            graph[str(made)] = set(map(str, found))
            stack += found
    return graph


def _loops(needs: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """One loop after the other, each from its first member by name; a loop is cut to find the next."""
    # Sorted, because of several loops the one that is found depends on the order.
    left = {name: sorted(parents) for name, parents in sorted(needs.items())}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            loop = error.args[1][:-1]
            left[loop[1 % len(loop)]].remove(loop[0])
            start = loop.index(min(loop))
            yield [*loop[start:], *loop[: start + 1]]
        else:
            return


def _with_channel(step: str, directory: Directory) -> str:
    channel = directory.entries[step.partition(".")[0]].contact.channel
    return f"{step} {channel}" if channel else step

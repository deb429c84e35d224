"""Combines teams: their files, the registry entries of all other teams, and the resulting graph."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from dbt_scheduler.config.types import PlatformConfig
from dbt_scheduler.findings.catalogue.assets import SCH313
from dbt_scheduler.findings.finding import CannotRunError, Finding
from dbt_scheduler.graph.dbt_tests import TestPlan, plan_tests
from dbt_scheduler.graph.external_team import ExternalTeam
from dbt_scheduler.graph.global_assets import KnownTeams, resolve_globals
from dbt_scheduler.graph.lineage import TeamGraph, build_graph
from dbt_scheduler.graph.registry_entry import complete_entry, produced_entry
from dbt_scheduler.project.exposed_assets import match_exposed_assets
from dbt_scheduler.project.loading import LoadedProject, load_project
from dbt_scheduler.project.types import Project
from dbt_scheduler.registry.directory import Directory, retired_assets
from dbt_scheduler.registry.entry import Entry


class Team(msgspec.Struct, frozen=True):
    """A team that was loaded from its files.

    ``test_plans`` is by pipeline, ``exposed_lines`` maps an asset to its line in ``scheduler.yaml``, and ``findings``
    are those of reading the files.
    """

    project: Project
    graph: TeamGraph
    test_plans: dict[str, TestPlan]
    entry: Entry
    exposed_lines: dict[str, int]
    findings: tuple[Finding, ...]


class Workspace(msgspec.Struct, frozen=True):
    """The loaded teams on their platform.

    ``directory`` has the entries of all teams, with the current ones of the loaded teams; ``published`` has those of
    the registry. ``external`` are loaded teams with hand-written DAGs.
    """

    platform: PlatformConfig
    teams: tuple[Team, ...]
    directory: Directory
    published: Mapping[str, Entry]
    external: tuple[ExternalTeam, ...] = ()


def load_projects(
    folders: Iterable[Path], platform: PlatformConfig, manifest: Path | None = None
) -> list[LoadedProject]:
    """Load every folder.

    Raises:
        CannotRunError: with the reasons of all the folders that could not be loaded.

    """
    loaded: list[LoadedProject] = []
    reasons: list[Finding] = []
    for folder in folders:
        try:
            each = load_project(folder, platform.pipelines.keys(), manifest)
            prefix = f"{platform.dag_prefix}{each.project.dag_prefix}"
            loaded.append(replace(each, project=replace(each.project, dag_prefix=prefix)))
        except CannotRunError as error:
            reasons += error.findings
    if reasons:
        raise CannotRunError(reasons)
    return loaded


def build_workspace(
    loaded: Sequence[LoadedProject],
    platform: PlatformConfig,
    registry: Mapping[str, Entry],
    unreadable: Collection[str] = (),
    external: Sequence[ExternalTeam] = (),
) -> Workspace:
    """Resolve the dependencies of the loaded teams on each other and on the registry.

    ``unreadable`` are teams whose registry entry cannot be read.
    """
    others = {**registry, **{each.team: each.entry for each in external}}
    loaded = _one_per_team(loaded)
    matches = [
        match_exposed_assets(each.project, platform.pipelines.keys(), each.findings) for each in loaded
    ]
    own = {
        each.project.team: produced_entry(each.project, exposed.assets, platform)
        for each, exposed in zip(loaded, matches, strict=True)
    }
    directory = Directory({**others, **own})
    known = KnownTeams(
        directory,
        retired_assets(registry, directory),
        set(unreadable) - own.keys() - {each.team for each in external},
        _idle(each.project for each in loaded),
    )
    teams = []
    for each, exposed in zip(loaded, matches, strict=True):
        globals_ = resolve_globals(each.project, known)
        graph = build_graph(each.project, globals_.assets, directory)
        entry = complete_entry(own[each.project.team], graph)
        test_plans = {pipeline: plan_tests(graph, dag) for pipeline, dag in graph.dags.items()}
        findings = (*each.findings, *exposed.findings, *globals_.findings)
        teams.append(Team(each.project, graph, test_plans, entry, exposed.lines, findings))
    complete = {team.project.team: team.entry for team in teams}
    return Workspace(platform, tuple(teams), Directory({**others, **complete}), registry, tuple(external))


def _idle(projects: Iterable[Project]) -> Mapping[str, list[str]]:
    """For each name, the teams that have such an asset without a pipeline."""
    teams: dict[str, list[str]] = defaultdict(list)
    for project in projects:
        names = [asset for task in project.tasks.values() if not task.pipelines for asset in task.assets]
        for name in (*names, *(bare for bare, asset in project.latest.items() if asset in names)):
            teams[name].append(project.team)
    return teams


def _one_per_team(loaded: Sequence[LoadedProject]) -> list[LoadedProject]:
    """The first folder of each team; a second one is a finding and is ignored."""
    first: dict[str, LoadedProject] = {}
    for each in loaded:
        project = each.project
        other = first.setdefault(project.team, each)
        if other is not each:
            place = str(project.folder / "scheduler.yaml")
            finding = SCH313.at(place, subject=project.team, team=project.team, other=other.project.folder)
            first[project.team] = msgspec.structs.replace(other, findings=(*other.findings, finding))
    return list(first.values())

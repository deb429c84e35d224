"""Rules about external assets whose names or relations another team uses."""

from collections.abc import Iterator

from dbt_scheduler.checks import Check
from dbt_scheduler.findings.catalogue.assets import SCH313, SCH318
from dbt_scheduler.findings.catalogue.external_assets import SCH345
from dbt_scheduler.findings.catalogue.identity import SCH331, SCH332
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.graph.external_team import ExternalTeam
from dbt_scheduler.graph.workspace import Workspace
from dbt_scheduler.registry.dag_ids import taken_ids
from dbt_scheduler.registry.entry import AssetKey, is_of_other_project
from dbt_scheduler.registry.publishers import project_problem, same_but_for_case

_HINT = "set a different `team` in this file"


def check(team: ExternalTeam, workspace: Workspace) -> Iterator[Finding]:
    """SCH310, SCH313, SCH318, SCH322, SCH331, SCH332, SCH345: names and relations that are also someone else's."""
    name, place, entries = team.team, (team.config.path, team.config.line), workspace.directory.entries
    for other in _same_name(team, workspace):
        yield SCH313.at(*place, subject=name, hint=_HINT, team=name, other=other)
    published = workspace.published.get(name)
    if published is not None and is_of_other_project(published, team.entry):
        words = {"other": published.project_name, "project": team.entry.project_name}
        yield SCH318.at(*place, subject=name, hint=_HINT, team=name, **words)
    problem = project_problem(name, team.entry.project_name, workspace.platform.teams)
    if problem:
        yield SCH331.at(*place, subject=name, team=name, problem=problem)
    case = same_but_for_case(name, entries)
    if case:
        yield SCH332.at(*place, subject=name, hint=_HINT, team=name, other=case)
    if name in entries and entries[name] == team.entry:
        yield from _taken(team, workspace)
        yield from _same_relation(team, workspace)


def _same_name(team: ExternalTeam, workspace: Workspace) -> Iterator[str]:
    """Other projects and files of the same team that are read together with the file."""
    for project in (each.project for each in workspace.teams):
        if project.team == team.team:
            yield str(project.folder)
    for other in workspace.external:
        if other is not team and other.team == team.team:
            yield other.config.path


def _taken(team: ExternalTeam, workspace: Workspace) -> Iterator[Finding]:
    lines = {each.dag_id: each.line for each in reversed(team.config.assets)}
    listed, prefix = workspace.platform.teams or (), workspace.platform.dag_prefix
    for taken in taken_ids(team.team, workspace.directory.entries, listed, prefix):
        yield taken.rule.at(team.config.path, lines[taken.subject], subject=taken.subject, **taken.words)


def _same_relation(team: ExternalTeam, workspace: Workspace) -> Iterator[Finding]:
    """SCH345: an asset with the same relation as another asset."""
    directory = workspace.directory
    for made in team.config.assets:
        own = AssetKey(team.team, made.asset)
        others = [key for key in directory.at(made.relation) if key != own] if made.relation else []
        for key in others:
            contact = directory.entries[key.team].contact.channel or f"team {key.team}"
            words = {"asset": made.asset, "relation": str(made.relation), "other": key.asset}
            place = (team.config.path, made.line)
            yield SCH345.at(*place, subject=made.asset, team=key.team, contact=contact, **words)


PLUGIN = Check(external=check)

"""The rules about whole teams: each module has a check, and the rules that only it reports.

Rules about a single file are checked where the file is read; these need the graph.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import msgspec

from dbt_scheduler.config.types import Ignore
from dbt_scheduler.findings import catalogue
from dbt_scheduler.findings.catalogue.tasks import SCH213
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.graph.external_team import ExternalTeam
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.plugin_folder import plugins


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A check of one ``team``, of an ``external`` one, or ``across`` all teams, whose findings name their team.

    ``external`` checks a team whose assets hand-written DAGs produce.
    """

    team: Callable[[Team, Workspace], Iterator[Finding]] | None = None
    across: Callable[[Workspace], Iterable[tuple[str, Finding]]] | None = None
    external: Callable[[ExternalTeam, Workspace], Iterator[Finding]] | None = None


@cache
def checks() -> Mapping[str, Check]:
    """All checks, by their modules' names."""
    return plugins(__name__, Check)


@cache
def rules() -> Mapping[str, Rule]:
    """All rules of the checks and the catalogue, by code, sorted."""
    found: dict[str, Rule] = {}
    for package in (catalogue, sys.modules[__name__]):
        for module in iter_modules(package.__path__):
            values = vars(import_module(f"{package.__name__}.{module.name}")).values()
            found |= {value.code: value for value in values if isinstance(value, Rule)}
    return dict(sorted(found.items()))


def check(workspace: Workspace) -> tuple[Finding, ...]:
    """All findings of the loaded teams, without those that they ignore, in a stable order."""
    across: dict[str, list[Finding]] = defaultdict(list)
    for each in checks().values():
        for name, finding in each.across(workspace) if each.across else ():
            across[name].append(finding)
    findings = {
        finding
        for team in workspace.teams
        for finding in _team_findings(team, workspace, across[team.project.team])
    }
    for team in workspace.external:
        found = [*team.config.findings]
        for each in checks().values():
            found += each.external(team, workspace) if each.external else ()
        findings |= {msgspec.structs.replace(finding, team=team.team) for finding in found}
    return tuple(sorted(findings, key=Finding.sort_key))


def is_ignored(finding: Finding, team: Team) -> bool:
    """Whether the team ignores a finding."""
    return any(_silences(entry, finding) for entry in team.project.config.ignore)


def _silences(entry: Ignore, finding: Finding) -> bool:
    named = entry.code == finding.code and entry.on in (None, finding.subject)
    return named and rules()[finding.code].can_be_ignored


def _team_findings(team: Team, workspace: Workspace, across: Iterable[Finding]) -> Iterator[Finding]:
    found = [*team.findings, *across]
    for check_ in checks().values():
        found += check_.team(team, workspace) if check_.team else ()
    matched: set[int] = set()
    for finding in found:
        ignored = [
            index for index, entry in enumerate(team.project.config.ignore) if _silences(entry, finding)
        ]
        matched.update(ignored)
        if not ignored:
            yield msgspec.structs.replace(finding, team=team.project.team)
    for index, entry in enumerate(team.project.config.ignore):
        if index not in matched:
            what = f"{entry.code} on {entry.on}" if entry.on else entry.code
            yield SCH213.at(
                str(team.project.folder / "scheduler.yaml"), entry.line, subject=entry.code, what=what
            )

"""The rules that look at teams as a whole: each is a function from one team to its findings.

What is wrong with a single file is found where the file is read; here is what only the graph can show.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import msgspec

from dbt_scheduler.checks import (
    acknowledged,
    cycles,
    hooks,
    lineage,
    relations,
    scheduled,
    selectors,
    slo,
    task_ids,
    teams,
    unread,
    waits,
)
from dbt_scheduler.config.types import Ignore
from dbt_scheduler.findings.catalogue.assets import SCH310, SCH318, SCH322
from dbt_scheduler.findings.catalogue.identity import SCH331, SCH332
from dbt_scheduler.findings.catalogue.tasks import SCH213
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.graph.workspace import Team, Workspace

Check = Callable[[Team, Workspace], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    lineage.check,
    task_ids.check,
    hooks.check,
    selectors.check,
    scheduled.check,
    relations.check,
    unread.check,
    waits.check,
    cycles.check,
    teams.check,
    acknowledged.check,
)

_OTHERS_AT_STAKE = frozenset(rule.code for rule in (SCH310, SCH318, SCH322, SCH331, SCH332))
"""What is not a team's own to ignore: names that would take another team's DAGs or entry."""


def check(workspace: Workspace) -> tuple[Finding, ...]:
    """Everything wrong with the teams at hand, without what they ignore on purpose, in a stable order."""
    across: dict[str, list[Finding]] = defaultdict(list)
    for name, finding in (*cycles.check_across(workspace), *slo.check_across(workspace)):
        across[name].append(finding)
    findings = {
        finding
        for team in workspace.teams
        for finding in _team_findings(team, workspace, across[team.project.team])
    }
    return tuple(sorted(findings, key=Finding.sort_key))


def _silences(entry: Ignore, finding: Finding) -> bool:
    named = entry.code == finding.code and entry.on in (None, finding.subject)
    return named and finding.code not in _OTHERS_AT_STAKE


def _team_findings(team: Team, workspace: Workspace, across: Iterable[Finding]) -> Iterator[Finding]:
    found = [*team.findings, *across, *(finding for rule in CHECKS for finding in rule(team, workspace))]
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

"""Acknowledgements of breaking changes that outlived their change."""

from collections.abc import Iterator

from dbt_scheduler.changes.breaking import outdated
from dbt_scheduler.findings.catalogue.assets import SCH320
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.registry.entry import Acknowledged


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH320: what is acknowledged is no change against the team's published entry, where it has one."""
    published = workspace.published.get(team.project.team)
    if published is None:
        return
    known = {*published.produced, *team.entry.produced, *team.project.latest}
    gone = set(outdated(published, team.entry))
    for each in team.project.config.acknowledged_changes:
        if Acknowledged(each.asset, each.change, each.reason) in gone:
            location = (str(team.project.folder / "scheduler.yaml"), each.line)
            hint = "" if each.asset in known else did_you_mean(each.asset, known)
            yield SCH320.at(
                *location, subject=each.asset, hint=hint or None, asset=each.asset, change=each.change
            )

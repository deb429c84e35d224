"""Acknowledged breaking changes that no longer apply."""

from collections.abc import Iterable, Iterator

from dbt_scheduler.changes.breaking import outdated
from dbt_scheduler.checks import Check
from dbt_scheduler.config.types import AcknowledgedChange
from dbt_scheduler.findings.finding import Finding, Rule, Severity
from dbt_scheduler.findings.suggest import did_you_mean
from dbt_scheduler.graph.external_team import ExternalTeam
from dbt_scheduler.graph.workspace import Team, Workspace
from dbt_scheduler.registry.entry import Acknowledged, Entry

SCH320 = Rule(
    code="SCH320",
    severity=Severity.WARNING,
    summary="An acknowledged change no longer applies",
    message='the acknowledged change of "{asset}" no longer applies: {change}',
    hint="remove the entry: the change was already published, or was not made",
    why="An acknowledgement covers one change, whose reason was reviewed in the pull request. If the entry "
    "stayed, it would also acknowledge the same change in a later pull request.",
    example="""\
# scheduler.yaml, after the pull request that removed the column was merged and published
acknowledged_changes:
  - {asset: dim_customers, change: "Column country_id removed.", reason: "moved to dim_countries"}
""",
    fix="Remove the entry from `acknowledged_changes`. If only the wording of the change differs, copy the "
    "line from the report again.",
)


def check(team: Team, workspace: Workspace) -> Iterator[Finding]:
    """SCH320: acknowledged changes that are no change from the team's published entry, if it has one."""
    project, published = team.project, workspace.published.get(team.project.team)
    file = str(project.folder / "scheduler.yaml")
    if published is not None:
        yield from _outdated(
            published, team.entry, (file, project.config.acknowledged_changes, project.latest)
        )


def check_external(team: ExternalTeam, workspace: Workspace) -> Iterator[Finding]:
    """The same for the assets of hand-written DAGs."""
    published = workspace.published.get(team.team)
    if published is not None:
        yield from _outdated(published, team.entry, (team.config.path, team.config.acknowledged_changes, ()))


def _outdated(
    published: Entry, entry: Entry, said: tuple[str, Iterable[AcknowledgedChange], Iterable[str]]
) -> Iterator[Finding]:
    """``said`` is the file, its acknowledged changes, and further names of the team's assets."""
    file, acknowledged, more = said
    known = {*published.produced, *entry.produced, *more}
    gone = set(outdated(published, entry))
    for each in acknowledged:
        if Acknowledged(each.asset, each.change, each.reason) in gone:
            hint = "" if each.asset in known else did_you_mean(each.asset, known)
            yield SCH320.at(
                file, each.line, subject=each.asset, hint=hint or None, asset=each.asset, change=each.change
            )


PLUGIN = Check(team=check, external=check_external)

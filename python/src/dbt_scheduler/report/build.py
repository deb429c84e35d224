"""Builds the report of a team from its two states and the registry."""

from collections.abc import Iterator

import msgspec

from dbt_scheduler.changes.breaking import Change, ChangeKind, breaking_changes, outdated, reason_for
from dbt_scheduler.changes.descendants import DagDescendants
from dbt_scheduler.changes.state_diff import StateDiff, compare_states
from dbt_scheduler.output import TeamOutput
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.downstream import ConsumerTeam, Downstream
from dbt_scheduler.registry.entry import (
    EXTERNAL_PROJECT,
    Acknowledged,
    AssetKey,
    Entry,
    dag_id,
    full_task_id,
)
from dbt_scheduler.report.column_readers import ColumnReaders, column_readers
from dbt_scheduler.site.links import asset_page


class TeamContact(msgspec.Struct, frozen=True):
    """A team and its channel."""

    team: str
    channel: str | None


class Consumer(msgspec.Struct, frozen=True):
    """A team that reads an asset, and the tasks that read it, as ``dag_id task_id``."""

    team: str
    channel: str | None
    tasks: tuple[str, ...]


class ReportedChange(msgspec.Struct, frozen=True):
    """A breaking change; ``acknowledged`` is the team's reason, or None.

    ``column`` has the consumers of the affected column; None for other changes.
    """

    kind: ChangeKind
    text: str
    acknowledged: str | None
    column: ColumnReaders | None = None


class ChangedAsset(msgspec.Struct, frozen=True):
    """An exposed asset with breaking changes, its consumers, and the teams downstream of them.

    ``page`` is the URL of the asset's page; None if the registry has no site.
    """

    asset: str
    page: str | None
    changes: tuple[ReportedChange, ...]
    consumers: tuple[Consumer, ...]
    reaches: tuple[TeamContact, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The changes of a pull request for one team; ``breaking``: one of them is not acknowledged.

    ``unread_teams`` have unreadable registry entries, and may be consumers too. ``state`` is None if the base was not
    compiled and only the published entry is known. ``file`` is where the team acknowledges changes.
    """

    format_version: int = 1
    team: str
    breaking: bool
    assets: tuple[ChangedAsset, ...]
    unread_teams: tuple[str, ...]
    outdated_acknowledgements: tuple[Acknowledged, ...]
    state: StateDiff | None
    file: str


class TeamStates(msgspec.Struct, frozen=True):
    """A team's two states, None if missing from an output, and its published entry.

    Without a base, the published entry of the team replaces it.
    """

    base: TeamOutput | None
    head: TeamOutput | None
    published: Entry | None = None

    @property
    def base_unknown(self) -> bool:
        """Whether the base is only the published entry."""
        return self.base is None and self.published is not None

    def states(self) -> tuple[TeamOutput, TeamOutput]:
        """Both states; a missing one is empty."""
        base = TeamOutput({}, self.published) if self.base is None and self.published else self.base
        one = base or self.head
        assert one is not None  # noqa: S101 - a team is in one of the outputs
        entry = one.entry
        nothing = Entry(
            dag_prefix=entry.dag_prefix, contact=entry.contact, pipelines={}, produced={}, consumed={}
        )
        return base or TeamOutput({}, nothing), self.head or TeamOutput({}, nothing)


def make_report(
    team: str,
    states: TeamStates,
    directory: Directory,
    unread: tuple[str, ...],
    site_url: str | None = None,
) -> Report:
    """Compare a team's two states; ``directory`` has all readable entries, ``unread`` are teams with unreadable ones."""
    base, head = states.states()
    readers, downstream = Downstream(directory), DagDescendants((base.specs or head.specs).values())
    acknowledged = head.entry.acknowledged_changes
    assets = tuple(
        ChangedAsset(
            broken.name,
            asset_page(site_url, team, broken.asset) if site_url else None,
            tuple(_reported(broken.name, change, acknowledged, consumers) for change in broken.changes),
            tuple(_consumer(reader, directory) for reader in consumers),
            tuple(_party(other, directory) for other in readers.indirect_teams(key, downstream.of(key))),
        )
        for broken in breaking_changes(base.entry, head.entry)
        for key in (AssetKey(team, broken.asset),)
        for consumers in (readers.other_teams(key),)
    )
    return Report(
        team=team,
        breaking=any(change.acknowledged is None for asset in assets for change in asset.changes),
        assets=assets,
        unread_teams=unread,
        outdated_acknowledgements=tuple(outdated(base.entry, head.entry)),
        state=None if states.base_unknown else compare_states(team, base, head),
        file=EXTERNAL_PROJECT if head.entry.project_name == EXTERNAL_PROJECT else "scheduler.yaml",
    )


def _reported(
    asset: str,
    change: Change,
    acknowledged: tuple[Acknowledged, ...],
    consumers: tuple[ConsumerTeam, ...],
) -> ReportedChange:
    reason = reason_for(asset, change, acknowledged)
    column = None if change.column is None else column_readers(change.column, consumers)
    return ReportedChange(change.kind, change.text, reason, column)


def _consumer(reader: ConsumerTeam, directory: Directory) -> Consumer:
    prefix = directory.entries[reader.team].dag_prefix
    return Consumer(reader.team, reader.contact.channel, tuple(sorted(set(_tasks(reader, prefix)))))


def _tasks(reader: ConsumerTeam, dag_prefix: str) -> Iterator[str]:
    for task in reader.tasks:
        yield f"{dag_id(dag_prefix, task.pipeline)} {full_task_id(task.task_group, task.task_id)}"


def _party(team: str, directory: Directory) -> TeamContact:
    return TeamContact(team, directory.entries[team].contact.channel)

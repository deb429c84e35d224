"""Makes the report of a team from its two states and from what the registry knows of its readers."""

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
    """A team, and the channel to ask it in."""

    team: str
    channel: str | None


class Consumer(msgspec.Struct, frozen=True):
    """A team that reads an asset, and its tasks that do, as ``dag_id task_id``."""

    team: str
    channel: str | None
    tasks: tuple[str, ...]


class ReportedChange(msgspec.Struct, frozen=True):
    """A breaking change; ``acknowledged`` is the team's reason, None if it gives none.

    ``column`` has who reads the column that it is about, None if it is about none.
    """

    kind: ChangeKind
    text: str
    acknowledged: str | None
    column: ColumnReaders | None = None


class ChangedAsset(msgspec.Struct, frozen=True):
    """An asset whose readers would break: what changes, who reads it, and whom that reaches through them.

    ``page`` is that of the asset as it was, if people have a site of the registry.
    """

    asset: str
    page: str | None
    changes: tuple[ReportedChange, ...]
    consumers: tuple[Consumer, ...]
    reaches: tuple[TeamContact, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a pull request changes for one team; ``breaking`` says that it breaks others without a word.

    ``unread_teams`` may be readers too: the registry has entries of theirs that cannot be read. ``state`` is
    None where the base was not compiled: then only what the team has published is known of it. ``file`` is where the
    team acknowledges changes.
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
    """A team's two states, None where it is not in an output, and what the registry has published of it.

    Without a base, a team that has published is no new one: its published entry stands for the base.
    """

    base: TeamOutput | None
    head: TeamOutput | None
    published: Entry | None = None

    @property
    def base_unknown(self) -> bool:
        """Whether only the published entry tells what was before."""
        return self.base is None and self.published is not None

    def states(self) -> tuple[TeamOutput, TeamOutput]:
        """Both, one without anything for one that is not there."""
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
    """Compare a team's two states; ``directory`` has every entry that can be read, ``unread`` the other teams."""
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

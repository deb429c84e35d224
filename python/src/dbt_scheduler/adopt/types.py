"""The public types of a proposal, which are also its JSON format."""

import msgspec

from dbt_scheduler.adopt.exposing import AssetToExpose


class TableRead(msgspec.Struct, frozen=True, kw_only=True):
    """Another team's asset that is read as a plain source. ``new`` is None if there is nothing to call.

    ``readers`` are files, ``reads`` counts the nodes; ``unread``: there are no nodes and no tests. ``left`` are keys of
    the source that are not carried over, ``left_of_table`` those of the table.
    """

    source: str
    relation: str
    team: str
    asset: str
    scheduled: bool
    reads: int
    readers: tuple[str, ...]
    unread: bool
    old: str
    new: str | None
    left: tuple[str, ...] = ()
    left_of_table: tuple[str, ...] = ()


class OwnRead(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the same project that is read as a plain source, and its replacement.

    ``unread``: nothing reads it, so the declaration is removed.
    """

    source: str
    relation: str
    node: str
    reads: int
    readers: tuple[str, ...]
    unread: bool
    old: str
    new: str
    left: tuple[str, ...] = ()
    left_of_table: tuple[str, ...] = ()


class Ambiguous(msgspec.Struct, frozen=True, kw_only=True):
    """A source table that matches several assets."""

    source: str
    relation: str
    makers: tuple[str, ...]
    readers: tuple[str, ...]


class ByHand(msgspec.Struct, frozen=True, order=True):
    """A manual step: the source table, the file, and what to do."""

    source: str
    place: str
    what: str


class TeamProposal(msgspec.Struct, frozen=True, kw_only=True):
    """The proposal for one team; ``files`` are relative to the team's folder of the proposal."""

    reads: tuple[TableRead, ...] = ()
    own: tuple[OwnRead, ...] = ()
    ambiguous: tuple[Ambiguous, ...] = ()
    by_hand: tuple[ByHand, ...] = ()
    exposed: tuple[AssetToExpose, ...] = ()
    files: tuple[str, ...] = ()


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """The proposals of all teams, and all texts by path: one folder per team."""

    teams: dict[str, TeamProposal]
    texts: dict[str, str]

"""What a proposal says, as its readers and programs see it."""

import msgspec

from dbt_scheduler.adopt.exposing import AssetToExpose


class TableRead(msgspec.Struct, frozen=True, kw_only=True):
    """Another team's asset that is read as a plain source. ``new`` is None where nothing is to be called.

    ``readers`` are files, ``reads`` counts the nodes; ``unread``: there are none, nor is there a test.
    ``left`` are the source's keys that held for the table and are not carried over, ``left_of_table`` its own.
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
    """A node of the project itself that is read as a plain source, and how to read it instead.

    ``unread``: nothing reads it at all, so that its declaration goes.
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
    """A source table that several assets could be."""

    source: str
    relation: str
    makers: tuple[str, ...]
    readers: tuple[str, ...]


class ByHand(msgspec.Struct, frozen=True, order=True):
    """Something that people have to do: which source table, where, and what."""

    source: str
    place: str
    what: str


class TeamProposal(msgspec.Struct, frozen=True, kw_only=True):
    """All that is proposed to one team; ``files`` are relative to the team's folder of the proposal."""

    reads: tuple[TableRead, ...] = ()
    own: tuple[OwnRead, ...] = ()
    ambiguous: tuple[Ambiguous, ...] = ()
    by_hand: tuple[ByHand, ...] = ()
    exposed: tuple[AssetToExpose, ...] = ()
    files: tuple[str, ...] = ()


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What is proposed to each team, and the texts of all files by path: one folder per team."""

    teams: dict[str, TeamProposal]
    texts: dict[str, str]

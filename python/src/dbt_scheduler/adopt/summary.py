"""What is said of a proposal on the terminal: one line per pair of teams and kind of finding."""

from collections import defaultdict
from collections.abc import Iterator

from dbt_scheduler.adopt.types import Proposal, TeamProposal


def render_summary(proposal: Proposal) -> str:
    """Counts of tables, and in brackets of the nodes that read them."""
    lines = [line for team, each in proposal.teams.items() for line in _team(team, each)]
    return "".join(f"{line}\n" for line in lines or ["no team reads another's tables as plain sources"])


def _team(team: str, proposal: TeamProposal) -> Iterator[str]:
    tables: dict[str, list[int]] = defaultdict(list)
    for read in proposal.reads:
        tables[read.team].append(read.reads)
    for other, reads in sorted(tables.items()):
        yield f"{team} reads {_count(len(reads), 'table')} of {other} ({_count(sum(reads), 'read')})"
    if proposal.own:
        total = _count(sum(own.reads for own in proposal.own), "read")
        yield f"{team} reads {_count(len(proposal.own), 'table')} of its own through source() ({total})"
    if proposal.ambiguous:
        yield f"{team} reads {_count(len(proposal.ambiguous), 'table')} that several assets could be"
    if proposal.by_hand:
        yield f"{team} has {_count(len(proposal.by_hand), 'thing')} to do by hand"
    if proposal.exposed:
        yield f"{team} is to expose {_count(len(proposal.exposed), 'asset')}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"

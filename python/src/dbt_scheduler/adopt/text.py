"""Renders a proposal: a summary for the terminal, and ``hidden_edges.md`` with all details of a team."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from dbt_scheduler.adopt.types import Ambiguous, ByHand, OwnRead, Proposal, TableRead, TeamProposal
from dbt_scheduler.findings.markdown import code_span, escaped
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.findings.printable import lines

PATCH = "adopt.patch"


def render_summary(proposal: Proposal) -> str:
    """The numbers of tables, and in parentheses of the nodes that read them."""
    texts = [text for team, each in proposal.teams.items() for text in _team(team, each)]
    return lines(texts or ["no team reads another team's tables as plain sources"])


def render_markdown(team: str, proposal: TeamProposal) -> str:
    """One section for each kind of finding; empty ones are left out."""
    sections = (
        ("Tables of other teams", map(_read, proposal.reads)),
        ("Tables of this project that are declared as sources", map(_own, proposal.own)),
        ("Tables matching several assets", map(_ambiguous, proposal.ambiguous)),
        ("Manual steps", map(_by_hand, proposal.by_hand)),
        ("Missing pipelines", _without_pipelines(proposal)),
    )
    text = f"# Hidden edges of team {team}\n"
    if PATCH in proposal.files:
        text += f"""\

Run `patch -p1 < {PATCH}` in the project's folder to apply everything that is not listed under Manual steps.
"""
    for title, entries in sections:
        body = "".join(entries)
        text += f"\n## {title}\n\n{body}" if body else ""
    return text


def _team(team: str, proposal: TeamProposal) -> Iterator[str]:
    tables: dict[str, list[int]] = defaultdict(list)
    for read in proposal.reads:
        if read.reads:
            tables[read.team].append(read.reads)
    for other, reads in sorted(tables.items()):
        yield (
            f"{team} reads {format_count(len(reads), 'table')} of {other} "
            f"({format_count(sum(reads), 'reference')})"
        )
    own = [own.reads for own in proposal.own if own.reads]
    if own:
        count = format_count(sum(own), "reference")
        yield f"{team} reads {format_count(len(own), 'table')} of its own through source() ({count})"
    idle = len(proposal.reads) + len(proposal.own) - len(own) - sum(map(len, tables.values()))
    if idle:
        yield f"{team} declares {format_count(idle, 'table')} that are built by a team but not read by any node"
    if proposal.ambiguous:
        yield f"{team} reads {format_count(len(proposal.ambiguous), 'table')} matching several assets"
    if proposal.by_hand:
        yield f"{team} has {format_count(len(proposal.by_hand), 'manual step')}"
    if proposal.exposed:
        yield f"{team} should expose {format_count(len(proposal.exposed), 'asset')}"


def _read(read: TableRead) -> str:
    pipeline = "" if read.scheduled else ", which no pipeline builds yet"
    lines = [
        f"- {code_span(read.old)}{_becomes(read)}",
        f'  - {code_span(read.relation)} is the asset "{escaped(read.asset)}" of team {read.team}{pipeline}',
    ]
    left = _left(read) if read.new or read.unread else ()
    return _listed([*lines, *left, *_readers(read.readers)])


def _becomes(read: TableRead) -> str:
    if read.unread:
        return ": not read, so the declaration is removed"
    if read.new is None:
        return ": see Manual steps below"
    return (
        ": the name stays the same, the declaration moves"
        if read.new == read.old
        else f" → {code_span(read.new)}"
    )


def _own(own: OwnRead) -> str:
    becomes = ": not read, so the declaration is removed" if own.unread else f" → {code_span(own.new)}"
    lines = [
        f"- {code_span(own.old)}{becomes}",
        f"  - {code_span(own.relation)} is built by this project as {escaped(own.node)}",
    ]
    return _listed([*lines, *_left(own), *_readers(own.readers)])


def _left(read: TableRead | OwnRead) -> Iterator[str]:
    for place, keys in (("source", read.left), ("table", read.left_of_table)):
        if keys:
            yield f"  - not copied from the {place}: {', '.join(map(escaped, keys))}"


def _ambiguous(found: Ambiguous) -> str:
    makers = " and ".join(map(escaped, found.makers))
    lines = [
        f"- {code_span(found.source)}: no proposal",
        f"  - {code_span(found.relation)} matches {makers}: only one of them can be right",
    ]
    return _listed([*lines, *_readers(found.readers)])


def _by_hand(each: ByHand) -> str:
    source = f"{code_span(each.source)}, " if each.source else ""
    return f"- {source}{escaped(each.place)}: {each.what}\n"


def _without_pipelines(proposal: TeamProposal) -> Iterator[str]:
    for each in proposal.exposed:
        if not each.scheduled:
            yield (
                f"- {code_span(each.asset)}: no pipeline builds it yet, but {', '.join(each.readers)} will wait for "
                "it\n"
            )


def _readers(files: Iterable[str]) -> Iterator[str]:
    return (f"  - read by {escaped(file)}" for file in files)


def _listed(texts: Iterable[str]) -> str:
    return lines(texts)

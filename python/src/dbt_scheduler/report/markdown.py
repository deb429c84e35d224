"""The report as Markdown, for a comment on a pull request."""

import json
from collections.abc import Callable, Iterator, Sequence

from dbt_scheduler.changes.state_diff import Count, DagDiff, Item, Sign, StateDiff
from dbt_scheduler.findings.markdown import code_span, escaped
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.findings.printable import one_line
from dbt_scheduler.report.build import ChangedAsset, Report, ReportedChange
from dbt_scheduler.report.column_readers import ColumnReaders

_LIMIT = 60_000
"""Bytes. GitHub rejects comments of more than 65,536 characters."""

_SHOWN = 20
"""The number of visible lines of a list; the others are folded."""

_SIZES = (100_000, 500, 100, 20, 5, 1)
"""The list lengths to try, in order, until the comment is short enough."""

_LONGEST_LINE = 400
"""The maximum line length if shorter lists are not enough: a column's type may have thousands of characters."""

_CUT_LINES = "Lines ending in … are shown in full by `--format json`.\n"

_BREAK = "\n"
"""An empty line ends the HTML of a folded block."""

_SIGNS = {Sign.ADDED: "+", Sign.REMOVED: "-", Sign.CHANGED: "~"}


def render(reports: Sequence[Report], finish: Callable[[str], str] = str) -> str:
    """One section per team; if it is too long for a comment, lists and then lines are truncated, with a note.

    If it is still too long, sections are left out, those without breaking changes first. ``finish`` turns the text
    into the comment, whose length counts.
    """
    for most in _SIZES:
        text = finish("\n".join(_section(report, most) for report in reports))
        if _fits(text):
            return text
    urgent_first = sorted(reports, key=lambda report: not report.breaking)
    sections = [_cut(_section(report, _SIZES[-1])) for report in urgent_first]
    for shown in range(len(sections), 0, -1):
        more = f"And {format_count(len(sections) - shown, 'more team')}, in `--format json`.\n"
        notes = ([more] if shown < len(sections) else []) + [_CUT_LINES]
        text = finish("\n".join([*sections[:shown], *notes]))
        if _fits(text):
            break
    return text


def _fits(text: str) -> bool:
    return len(text.encode()) <= _LIMIT


def _section(report: Report, most: int) -> str:
    return "\n\n".join(_blocks(report, most)) + "\n"


def _cut(text: str) -> str:
    lines = (line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in text.split("\n"))
    return "\n".join(lines)


def _blocks(report: Report, most: int) -> Iterator[str]:
    yield f"## Scheduler report: {escaped(report.team)}"
    if report.state is None:
        yield "BASE has no compiled output: this report compares with the team's published entry."
    yield from _breaking(report, most)
    if report.outdated_acknowledgements:
        yield "### Acknowledged changes that no longer apply"
        outdated = [f"- {each.asset}: {each.change}" for each in report.outdated_acknowledgements]
        yield f"Remove from `acknowledged_changes` in {code_span(report.file)}:\n" + _list(
            map(escaped, outdated), most
        )
    if report.state is not None:
        yield from _state(report.state, most)


def _state(state: StateDiff, most: int) -> Iterator[str]:
    yield "\n".join(
        [
            "### Scheduler state diff",
            _count("Dags", state.dags),
            _count("Tasks", state.tasks),
            _count("Global dependencies", state.global_dependencies),
        ]
    )
    if state.changed:
        first, *others = (_dag(diff, most) for diff in state.changed)
        yield f"### Tasks and global dependencies\n{first}"
        yield from _some(others, most)


def _breaking(report: Report, most: int) -> Iterator[str]:
    if not report.assets:
        yield "No breaking changes found in project registry."
    elif report.breaking:
        yield "⚠️ Breaking changes found in project registry"
    else:
        yield "Breaking changes found in project registry, all of them acknowledged"
    yield from _some([_asset(asset, most) for asset in report.assets], most)
    if report.assets and report.unread_teams:
        teams = ", ".join(report.unread_teams)
        yield (
            "Some registry entries cannot be read, so the consumers of these teams are unknown: "
            f"{escaped(teams)}"
        )
    if report.breaking:
        yield _details("If a change is intentional", how_to_acknowledge(report, most))


def _asset(asset: ChangedAsset, most: int) -> str:
    changes = _list((f"- {_change(change)}" for change in asset.changes), most)
    name = escaped(asset.asset)
    blocks = [f"Asset {f'[{name}]({asset.page})' if asset.page else name}\n{changes}"]
    unaffected = _unaffected(asset)
    consumers = [each for each in asset.consumers if each.team not in unaffected]
    if consumers:
        parties = (f"- {_party(each.team, each.channel)}" for each in consumers)
        blocks.append(f"Consumers:\n{_list(parties, most)}")
    elif not unaffected:
        blocks.append("Consumers: none in the registry.")
    if unaffected:
        blocks.append(f"Consumers that read none of these columns: {escaped(', '.join(sorted(unaffected)))}")
    if asset.reaches:
        through = ", ".join(_party(each.team, each.channel) for each in asset.reaches)
        blocks.append(f"Also affected downstream: {through}")
    return "\n\n".join(blocks)


def _change(change: ReportedChange) -> str:
    reason = "" if change.acknowledged is None else f" Acknowledged: {change.acknowledged}"
    column = "" if change.column is None else _column(change.column)
    return escaped(change.text + reason) + column


def _column(column: ColumnReaders) -> str:
    """The consumers as a list below the change; empty if nothing is known."""
    facts = [
        ("Read by", column.readers),
        ("Every column is read by", column.readers_of_every_column),
        ("Possibly read by", column.not_known),
    ]
    if not (column.readers or column.readers_of_every_column or column.others):
        return ""
    lines = [f"{words}: {escaped(', '.join(teams))}" for words, teams in facts if teams]
    return "".join(f"\n  - {line}" for line in lines or ["Not read by any consumer in the registry."])


def _unaffected(asset: ChangedAsset) -> set[str]:
    """The consumers that read none of the changed columns; empty if anything but columns has changed too."""
    columns = [change.column for change in asset.changes]
    return set.intersection(*(set(each.others) if each else set[str]() for each in columns))


def _party(team: str, channel: str | None) -> str:
    return f"*{escaped(f'{team}:{channel}' if channel else team)}*"


def _count(what: str, count: Count) -> str:
    return f"{what}: {count.added} added, {count.removed} removed"


def _dag(diff: DagDiff, most: int) -> str:
    mark = "" if diff.sign is Sign.CHANGED else f" ({diff.sign})"
    lines = [f"- ~ {escaped(change)}" for change in diff.changes] + [_item(item) for item in diff.items]
    return f"**{escaped(diff.dag_id)}**{mark}\n{_list(lines, most)}"


def _item(item: Item) -> str:
    changes = f": {'; '.join(item.changes)}" if item.changes else ""
    return f"- {_SIGNS[item.sign]} {escaped(item.name + changes)}"


def _list(lines: Iterator[str] | Sequence[str], most: int) -> str:
    """The first lines; further ones are folded, and those beyond ``most`` only counted."""
    lines = [*lines]
    shown, folded = lines[: min(_SHOWN, most)], lines[min(_SHOWN, most) : most]
    if folded:
        shown.append("\n" + _details(f"{len(lines) - len(shown)} more", "\n".join(folded)))
    if len(lines) > most:
        shown.append(f"{_BREAK if folded else ''}- and {len(lines) - most} more, in `--format json`")
    return "\n".join(shown)


def _some(blocks: Sequence[str], most: int) -> Iterator[str]:
    """The same for blocks."""
    shown, folded = blocks[: min(_SHOWN, most)], blocks[min(_SHOWN, most) : most]
    yield from shown
    if folded:
        yield _details(f"{len(blocks) - len(shown)} more", "\n\n".join(folded))
    if len(blocks) > most:
        yield f"And {len(blocks) - most} more, in `--format json`."


def _details(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def how_to_acknowledge(report: Report, most: int) -> str:
    """The entries that acknowledge the remaining changes, as Markdown."""
    entries = [
        f'  - asset: {_quoted_yaml(asset.asset)}\n    change: {_quoted_yaml(change.text)}\n    reason: ""'
        for asset in report.assets
        for change in asset.changes
        if change.acknowledged is None
    ]
    lines = ["```yaml", "acknowledged_changes:", *entries[:most], "```"]
    return f"""\
Agree on the change with the consumers, then acknowledge it in {code_span(report.file)} with a reason:

""" + "\n".join(lines)


def _quoted_yaml(text: str) -> str:
    """A double-quoted YAML string; backticks are escaped, because they could end the code block."""
    return one_line(json.dumps(text, ensure_ascii=False)).replace("`", "\\u0060")

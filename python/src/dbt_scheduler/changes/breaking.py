"""Breaking changes of exposed assets, each described in one line.

A change is breaking if the asset is removed, renamed or no longer exposed, moves to another pipeline or relation, has a
later SLO or none, loses a column or changes its type, or if the latest version of a model changes. Additions are never
breaking.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from dbt_scheduler.registry.entry import Acknowledged, Entry, Produced, find_produced


class ChangeKind(StrEnum):
    """The kind of a change, as in the report's JSON."""

    REMOVED = "removed"
    RENAMED = "renamed"
    NOT_EXPOSED = "no_longer_exposed"
    PIPELINE = "pipeline_changed"
    SLO_INCREASED = "slo_increased"
    SLO_DROPPED = "slo_dropped"
    COLUMN_REMOVED = "column_removed"
    COLUMN_TYPE = "column_type_changed"
    RELATION = "relation_moved"
    LATEST = "latest_version_changed"


class Change(msgspec.Struct, frozen=True):
    """A breaking change; ``text`` is what a team copies to acknowledge it, ``column`` the affected column."""

    kind: ChangeKind
    text: str
    column: str | None = None

    def acknowledged_by(self, text: str) -> bool:
        """Whether an acknowledgement has this text, ignoring case, whitespace and the final period."""
        return _words(text) == _words(self.text)


class Broken(msgspec.Struct, frozen=True):
    """The names by which consumers know an asset, the asset in the base, and its breaking changes."""

    name: str
    asset: str
    changes: tuple[Change, ...]


def breaking_changes(base: Entry, head: Entry) -> Iterator[Broken]:
    """The assets exposed in the base that have breaking changes, by name.

    Includes the bare names of versioned assets: their consumers read another table when the latest version changes.
    """
    renamed = _renamed(base, head)
    for asset, was in sorted(base.produced.items()):
        if not was.exposed:
            continue
        if changes := tuple(_changes(asset, was, head, renamed)):
            yield Broken(asset, asset, changes)
        if was.latest_of and (changes := tuple(_latest(asset, was, head))):
            yield Broken(was.latest_of, asset, changes)


def _changes(asset: str, was: Produced, head: Entry, renamed: Mapping[str, str]) -> Iterator[Change]:
    found = find_produced(head, asset)
    if found is not None:
        yield from _differences(was, found[1])
        if was.relation and found[1].relation and not _same_place(was, found[1]):
            yield Change(ChangeKind.RELATION, f"Moved from {was.relation} to {found[1].relation}.")
    elif asset in renamed:
        yield Change(ChangeKind.RENAMED, f"Renamed to {renamed[asset]}.")
        yield from _differences(was, head.produced[renamed[asset]])
    else:
        yield Change(ChangeKind.REMOVED, "Removed.")


def _latest(asset: str, was: Produced, head: Entry) -> Iterator[Change]:
    """For consumers of the bare name of a versioned asset: another version is another table."""
    name, now = find_produced(head, was.latest_of or "") or ("", None)
    if now is None:
        if asset in head.produced:
            yield Change(ChangeKind.LATEST, f"No longer refers to {asset}.")
    elif name != asset and not _same_place(was, now):
        yield Change(ChangeKind.LATEST, f"Latest version changed from {asset} to {name}.")
        yield from _differences(was, now)


def _renamed(base: Entry, head: Entry) -> dict[str, str]:
    """The new names of removed exposed assets, where only one new asset matches and it matches only one.

    A match has the same relation, or else the same columns, group and pipelines.
    """
    new = {name: made for name, made in head.produced.items() if made.exposed and name not in base.produced}
    gone = {
        name: made for name, made in base.produced.items() if made.exposed and not find_produced(head, name)
    }
    found = {}
    for name, was in gone.items():
        there = [each for each, made in new.items() if _same_place(was, made)]
        alike = [each for each, made in new.items() if was.columns and _alike(was) == _alike(made)]
        if len(there or alike) == 1:
            (found[name],) = there or alike
    claims = Counter(found.values())
    return {name: other for name, other in found.items() if claims[other] == 1}


def _same_place(one: Produced, other: Produced) -> bool:
    return bool(one.relation and other.relation and one.relation.same(other.relation))


def _alike(made: Produced) -> tuple[object, ...]:
    return made.columns, made.task_group, made.pipelines.keys()


def _differences(was: Produced, now: Produced) -> Iterator[Change]:
    if now.exposed:
        yield from _promises(was, now)
    else:
        yield Change(ChangeKind.NOT_EXPOSED, "No longer exposed.")
    yield from _columns(was.columns, now.columns)


def _promises(was: Produced, now: Produced) -> Iterator[Change]:
    before, after = _exposed(was), _exposed(now)
    if was.pipeline in after:
        yield from _slo(before[was.pipeline], after[was.pipeline], "")
    else:
        yield Change(ChangeKind.PIPELINE, f"Pipeline changed from {was.pipeline} to {now.pipeline}.")
        yield from _slo(was.slo_seconds, now.slo_seconds, "")
    for pipeline, slo in sorted(before.items()):
        if pipeline == was.pipeline:
            continue
        if pipeline in after:
            yield from _slo(slo, after[pipeline], f" in {pipeline}")
        else:
            yield Change(ChangeKind.NOT_EXPOSED, f"No longer exposed in {pipeline}.")


def _exposed(made: Produced) -> dict[str, int | None]:
    return {name: each.slo_seconds for name, each in made.pipelines.items() if each.exposed}


def _slo(was: int | None, now: int | None, where: str) -> Iterator[Change]:
    if was is None:
        return
    if now is None:
        yield Change(ChangeKind.SLO_DROPPED, f"SLO{where} of {was} dropped.")
    elif now > was:
        yield Change(ChangeKind.SLO_INCREASED, f"SLO{where} increased from {was} to {now}.")


def _columns(was: Mapping[str, str | None], now: Mapping[str, str | None]) -> Iterator[Change]:
    """Compares documented columns; names and types ignore case, and a missing type matches any."""
    there = {name.lower(): kind for name, kind in now.items()}
    for name, kind in sorted(was.items()):
        if name.lower() not in there:
            yield Change(ChangeKind.COLUMN_REMOVED, f"Column {name} removed.", name)
            continue
        new = there[name.lower()]
        if kind and new and _words(kind) != _words(new):
            yield Change(ChangeKind.COLUMN_TYPE, f"Column {name} changed from {kind} to {new}.", name)


def _words(text: str) -> str:
    return " ".join(text.lower().split()).removesuffix(".")


def reason_for(asset: str, change: Change, acknowledged: Iterable[Acknowledged]) -> str | None:
    """The team's reason for the change; None if it is not acknowledged."""
    return next(
        (each.reason for each in acknowledged if each.asset == asset and change.acknowledged_by(each.change)),
        None,
    )


def outdated(base: Entry, head: Entry) -> Iterator[Acknowledged]:
    """The acknowledgements in the head without a matching change."""
    broken = tuple(breaking_changes(base, head)) if head.acknowledged_changes else ()
    made = {(each.name, change) for each in broken for change in each.changes}
    for each in head.acknowledged_changes:
        if not any(name == each.asset and change.acknowledged_by(each.change) for name, change in made):
            yield each

"""Changes of exposed assets that break their readers; each says itself in one line.

What breaks a reader: the asset is gone, renamed or no longer exposed, comes from another pipeline or later,
has lost a column or has another type in it, or lives elsewhere. Something new never does.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

import msgspec

from dbt_scheduler.registry import Entry, Produced, Relation


class Kind(StrEnum):
    """What kind of change it is, for programs."""

    REMOVED = "removed"
    RENAMED = "renamed"
    NOT_EXPOSED = "no_longer_exposed"
    PIPELINE = "pipeline_changed"
    SLO_INCREASED = "slo_increased"
    SLO_DROPPED = "slo_dropped"
    COLUMN_REMOVED = "column_removed"
    COLUMN_TYPE = "column_type_changed"
    RELATION = "relation_moved"


class Change(msgspec.Struct, frozen=True):
    """One breaking change; ``text`` is the sentence that a team repeats to acknowledge it."""

    kind: Kind
    text: str

    def acknowledged_by(self, text: str) -> bool:
        """Whether a person's words are this change's: the final dot, case and spaces aside."""
        return _words(text) == _words(self.text)


def breaking_changes(base: Entry, head: Entry) -> Iterator[tuple[str, tuple[Change, ...]]]:
    """Each asset exposed in the base whose readers the head breaks, by name, with the changes that do."""
    for asset, was in sorted(base.produced.items()):
        if was.exposed and (changes := tuple(_changes(asset, was, base, head))):
            yield asset, changes


def _changes(asset: str, was: Produced, base: Entry, head: Entry) -> Iterator[Change]:
    now = head.produced.get(asset)
    if now is None:
        renamed = _renamed(was, base, head)
        yield Change(Kind.RENAMED, f"Renamed to {renamed}.") if renamed else Change(Kind.REMOVED, "Removed.")
        return
    if now.exposed:
        yield from _promises(was, now)
    else:
        yield Change(Kind.NOT_EXPOSED, "No longer exposed.")
    yield from _columns(was.columns, now.columns)
    yield from _relation(was.relation, now.relation)


def _renamed(was: Produced, base: Entry, head: Entry) -> str | None:
    """The one new asset that must be the old one: in the same place, else with the same columns and group."""
    new = {asset: made for asset, made in head.produced.items() if asset not in base.produced}
    same_place = [asset for asset, made in new.items() if made.relation and made.relation == was.relation]
    alike = [
        asset
        for asset, made in new.items()
        if was.columns
        and (made.columns, made.task_group, made.pipelines.keys())
        == (was.columns, was.task_group, was.pipelines.keys())
    ]
    return next((found[0] for found in (same_place, alike) if len(found) == 1), None)


def _promises(was: Produced, now: Produced) -> Iterator[Change]:
    before, after = _exposed(was), _exposed(now)
    if was.pipeline in after:
        yield from _slo(before[was.pipeline], after[was.pipeline], "")
    else:
        yield Change(Kind.PIPELINE, f"Pipeline changed from {was.pipeline} to {now.pipeline}.")
        yield from _slo(was.slo_seconds, now.slo_seconds, "")
    for pipeline, slo in sorted(before.items()):
        if pipeline == was.pipeline:
            continue
        if pipeline in after:
            yield from _slo(slo, after[pipeline], f" in {pipeline}")
        else:
            yield Change(Kind.NOT_EXPOSED, f"No longer exposed in {pipeline}.")


def _exposed(made: Produced) -> dict[str, int | None]:
    return {name: each.slo_seconds for name, each in made.pipelines.items() if each.exposed}


def _slo(was: int | None, now: int | None, where: str) -> Iterator[Change]:
    if was is None:
        return
    if now is None:
        yield Change(Kind.SLO_DROPPED, f"SLO{where} of {was} dropped.")
    elif now > was:
        yield Change(Kind.SLO_INCREASED, f"SLO{where} increased from {was} to {now}.")


def _columns(was: Mapping[str, str | None], now: Mapping[str, str | None]) -> Iterator[Change]:
    """Of documented columns; warehouses take names and types in any case, and a type that is not said may be any."""
    there = {name.lower(): kind for name, kind in now.items()}
    for name, kind in sorted(was.items()):
        if name.lower() not in there:
            yield Change(Kind.COLUMN_REMOVED, f"Column {name} removed.")
            continue
        new = there[name.lower()]
        if kind and new and _words(kind) != _words(new):
            yield Change(Kind.COLUMN_TYPE, f"Column {name} changed from {kind} to {new}.")


def _relation(was: Relation | None, now: Relation | None) -> Iterator[Change]:
    if was and now and was != now:
        yield Change(Kind.RELATION, f"Moved from {was} to {now}.")


def _words(text: str) -> str:
    return " ".join(text.lower().split()).removesuffix(".")

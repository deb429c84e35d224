"""Which breaking changes a team makes on purpose, and which of its acknowledgements are of no change any more."""

from collections.abc import Iterable, Iterator

from dbt_scheduler.changes.breaking import Change, breaking_changes
from dbt_scheduler.registry import Acknowledged, Entry


def reason_for(asset: str, change: Change, acknowledged: Iterable[Acknowledged]) -> str | None:
    """Why the team makes a change; None where it says nothing of it."""
    return next(
        (each.reason for each in acknowledged if each.asset == asset and change.acknowledged_by(each.change)),
        None,
    )


def outdated(base: Entry, head: Entry) -> Iterator[Acknowledged]:
    """The acknowledgements of the head that no change between the two needs."""
    broken = tuple(breaking_changes(base, head)) if head.acknowledged_changes else ()
    made = {(each.name, change) for each in broken for change in each.changes}
    for each in head.acknowledged_changes:
        if not any(name == each.asset and change.acknowledged_by(each.change) for name, change in made):
            yield each

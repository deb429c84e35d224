"""Which breaking changes a team makes on purpose, and which of its acknowledgements are of no change any more."""

from collections.abc import Iterable, Iterator, Sequence

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
    changes: dict[str, Sequence[Change]] = (
        dict(breaking_changes(base, head)) if head.acknowledged_changes else {}
    )
    for each in head.acknowledged_changes:
        if not any(change.acknowledged_by(each.change) for change in changes.get(each.asset, ())):
            yield each

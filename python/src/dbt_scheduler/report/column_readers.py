"""Finds the consumers of a column that is removed or changes its type."""

from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec import UNSET

from dbt_scheduler.registry.downstream import ConsumerTeam
from dbt_scheduler.registry.entry import EVERY_COLUMN, Consumed


class ColumnReaders(msgspec.Struct, frozen=True):
    """The other teams that read an asset, by how they read one of its columns; each list is sorted.

    A team is in ``readers`` if one of its tasks reads the column by name, else in ``readers_of_every_column``, else in
    ``not_known`` if that is unknown for one of its tasks, else in ``others``.
    """

    readers: tuple[str, ...]
    readers_of_every_column: tuple[str, ...]
    not_known: tuple[str, ...]
    others: tuple[str, ...]


def column_readers(column: str, consumers: Iterable[ConsumerTeam]) -> ColumnReaders:
    """How each team reads a column; case is ignored, as in warehouses."""
    found: dict[int, list[str]] = {place: [] for place in range(len(_READS) + 1)}
    for consumer in consumers:
        place = next(
            (i for i, reads in enumerate(_READS) if any(reads(each, column) for each in consumer.tasks)),
            len(_READS),
        )
        found[place].append(consumer.team)
    return ColumnReaders(*(tuple(sorted(teams)) for teams in found.values()))


def _by_name(task: Consumed, column: str) -> bool:
    names = () if task.columns is UNSET or task.columns == EVERY_COLUMN else task.columns
    return column.lower() in (name.lower() for name in names)


_READS: Sequence[Callable[[Consumed, str], bool]] = (
    _by_name,
    lambda task, _: task.columns == EVERY_COLUMN,
    lambda task, _: task.columns is UNSET,
)

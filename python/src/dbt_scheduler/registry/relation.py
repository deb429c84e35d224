"""Compares relations of tables in the warehouse."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

import msgspec

_Item = TypeVar("_Item")


class Relation(msgspec.Struct, frozen=True):
    """An asset's relation in the warehouse."""

    database: str | None
    schema: str | None
    identifier: str

    def __str__(self) -> str:
        """The SQL name, such as ``warehouse.marts.dim_customers``, without unknown parts."""
        return ".".join(part for part in (self.database, self.schema, self.identifier) if part)

    def same(self, other: "Relation") -> bool:
        """Whether both are the same table: equal schema and identifier, and database if both have one."""
        known = self.database and other.database
        one_database = not known or (self.database or "").lower() == (other.database or "").lower()
        return one_database and _place(self) == _place(other)


class Relations(Generic[_Item]):
    """Lookup of tables by relation."""

    def __init__(self, items: Iterable[tuple[Relation, _Item]]) -> None:
        self._found: dict[tuple[str | None, str], list[tuple[Relation, _Item]]] = defaultdict(list)
        for relation, item in items:
            self._found[_place(relation)].append((relation, item))

    def at(self, relation: Relation) -> list[_Item]:
        """All values with the same relation."""
        return list(self._same(relation))

    def first_at(self, relation: Relation) -> _Item | None:
        """The first value with the same relation, found without the others; None if there is none."""
        return next(self._same(relation), None)

    def _same(self, relation: Relation) -> Iterator[_Item]:
        return (item for other, item in self._found.get(_place(relation), ()) if relation.same(other))


def _place(relation: Relation) -> tuple[str | None, str]:
    # Case rules differ between warehouses; names that differ only in case are treated as the same table.
    return (relation.schema and relation.schema.lower(), relation.identifier.lower())

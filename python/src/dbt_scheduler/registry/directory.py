"""All teams' entries, with the lookups that dependencies need."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from dbt_scheduler.registry.entry import AssetKey, Entry, Produced
from dbt_scheduler.registry.relation import Relation, Relations

Retired = Mapping[str, Sequence[str]]
"""For each retired asset name, the teams that produced it, if consumers are recorded."""


class Directory:
    """The entries of all teams, with lookups; each index is built on first use."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.entries = dict(sorted(entries.items()))

    def produced(self, key: AssetKey) -> Produced:
        """The registry's data of an asset that the directory has."""
        return self.entries[key.team].produced[key.asset]

    def named(self, name: str, team: str | None = None) -> list[AssetKey]:
        """The assets with that name, of all teams or one; the name of a versioned model means its latest version."""
        return [key for key in self._by_name.get(name, ()) if team in (None, key.team)]

    def names(self, team: str | None = None) -> set[str]:
        """Every name that ``named`` finds."""
        return {
            name
            for name, keys in self._by_name.items()
            if team is None or any(key.team == team for key in keys)
        }

    def at(self, relation: Relation) -> list[AssetKey]:
        """The assets with a relation: equal schema and identifier, and database if both have one."""
        return self._by_relation.at(relation)

    @cached_property
    def _by_name(self) -> dict[str, list[AssetKey]]:
        found: dict[str, list[AssetKey]] = defaultdict(list)
        for team, entry in self.entries.items():
            for asset, produced in entry.produced.items():
                key = AssetKey(team, asset)
                found[asset].append(key)
                if produced.latest_of and produced.latest_of not in entry.produced:
                    found[produced.latest_of].append(key)
        return found

    @cached_property
    def _by_relation(self) -> Relations[AssetKey]:
        return Relations(
            (produced.relation, AssetKey(team, asset))
            for team, entry in self.entries.items()
            for asset, produced in entry.produced.items()
            if produced.relation
        )


def retired_assets(published: Mapping[str, Entry], directory: Directory) -> Retired:
    """The assets that published entries still consume, but that their team no longer produces, with these teams."""
    found: dict[str, set[str]] = defaultdict(set)
    for entry in published.values():
        for team, assets in entry.consumed.items():
            maker = directory.entries.get(team)
            for asset in assets if maker else ():
                if maker and asset not in maker.produced:
                    found[asset].add(team)
    return {asset: tuple(sorted(teams)) for asset, teams in sorted(found.items())}

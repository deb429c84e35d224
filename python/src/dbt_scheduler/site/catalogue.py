"""The entries of all teams, with a position for each team and asset."""

import hashlib
from collections.abc import Mapping
from functools import cached_property

import msgspec

from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.downstream import Downstream
from dbt_scheduler.registry.entry import AssetKey
from dbt_scheduler.site.dags import RegisteredDag, registered_dags


class Catalogue:
    """A directory with the order in which documents list teams and assets; lookups are built once."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.teams = tuple(directory.entries)
        keys = (
            AssetKey(team, asset) for team, entry in directory.entries.items() for asset in entry.produced
        )
        self.assets = tuple(sorted(keys, key=lambda key: (key.asset, key.team)))

    @cached_property
    def counting(self) -> str:
        """Equal for catalogues whose positions refer to the same teams and assets."""
        names = [*self.teams, "", *(name for key in self.assets for name in (key.team, key.asset))]
        return hashlib.blake2b(msgspec.json.encode(names), digest_size=8).hexdigest()

    @cached_property
    def team_places(self) -> Mapping[str, int]:
        """The position of each team."""
        return {team: place for place, team in enumerate(self.teams)}

    @cached_property
    def asset_places(self) -> Mapping[AssetKey, int]:
        """The position of each asset."""
        return {key: place for place, key in enumerate(self.assets)}

    @cached_property
    def readers(self) -> Downstream:
        """The lookup of an asset's consumers."""
        return Downstream(self.directory)

    @cached_property
    def dags(self) -> tuple[RegisteredDag, ...]:
        """The DAGs whose history is fetched."""
        return registered_dags(self.directory.entries)

"""All teams' entries as the pages count them: each team and each asset has a place."""

import hashlib
from collections.abc import Mapping
from functools import cached_property

import msgspec

from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.downstream import Downstream
from dbt_scheduler.registry.entry import AssetKey
from dbt_scheduler.site.dags import RegisteredDag, registered_dags


class Catalogue:
    """A directory with the order in which its documents name teams and assets; what it looks up is made once."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.teams = tuple(directory.entries)
        keys = (
            AssetKey(team, asset) for team, entry in directory.entries.items() for asset in entry.produced
        )
        self.assets = tuple(sorted(keys, key=lambda key: (key.asset, key.team)))

    @cached_property
    def counting(self) -> str:
        """The same for catalogues whose places mean the same teams and assets."""
        names = [*self.teams, "", *(name for key in self.assets for name in (key.team, key.asset))]
        return hashlib.blake2b(msgspec.json.encode(names), digest_size=8).hexdigest()

    @cached_property
    def team_places(self) -> Mapping[str, int]:
        """Each team's place among the teams."""
        return {team: place for place, team in enumerate(self.teams)}

    @cached_property
    def asset_places(self) -> Mapping[AssetKey, int]:
        """Each asset's place among the assets."""
        return {key: place for place, key in enumerate(self.assets)}

    @cached_property
    def readers(self) -> Downstream:
        """Who reads an asset."""
        return Downstream(self.directory)

    @cached_property
    def dags(self) -> tuple[RegisteredDag, ...]:
        """What the history of each DAG is asked for."""
        return registered_dags(self.directory.entries)

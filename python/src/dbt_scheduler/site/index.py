"""Builds the index: all teams, and the searchable fields of all assets."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from dbt_scheduler.registry.entry import AssetKey, Entry, Produced, full_task_id, is_external
from dbt_scheduler.schedule import format_readiness
from dbt_scheduler.site.catalogue import Catalogue
from dbt_scheduler.site.documents import AssetColumns, Index, TeamLabel


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of the index that do not come from the registry; ``slo`` is by asset."""

    generated_at: datetime
    folder: str = ""
    registry: str | None = None
    problems: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    history_at: datetime | None = None
    airflow_url: str | None = None
    slo: Mapping[AssetKey, tuple[int, int]] = {}


def make_index(catalogue: Catalogue, about: About) -> Index:
    """Build the index of a catalogue."""
    entries = catalogue.directory.entries
    made = [catalogue.directory.produced(key) for key in catalogue.assets]
    pipelines = _Vocabulary(name for entry in entries.values() for name in entry.pipelines)
    tags, owners = (_Vocabulary(name for each in made for name in names(each)) for names in (_tags, _owners))
    ready = [_ready(entries[key.team], each) for key, each in zip(catalogue.assets, made, strict=True)]
    readiness = _Vocabulary(ready)
    return Index(
        generated_at=about.generated_at,
        folder=about.folder,
        registry=about.registry,
        problems=about.problems,
        documents=about.documents,
        history_at=about.history_at,
        airflow_url=about.airflow_url,
        teams=[
            TeamLabel(team, entry.contact.channel, entry.contact.tag, is_external(entry))
            for team, entry in entries.items()
        ],
        pipelines=pipelines.words,
        tags=tags.words,
        owners=owners.words,
        assets=AssetColumns(
            name=[key.asset for key in catalogue.assets],
            team=[catalogue.team_places[key.team] for key in catalogue.assets],
            exposed=[1 if each.exposed else 0 for each in made],
            pipelines=[pipelines.places(each.pipelines) for each in made],
            ready=[readiness.place(each) for each in ready],
            task=[full_task_id(each.task_group, each.task_id) for each in made],
            readers=[_readers(catalogue, key) for key in catalogue.assets],
            tags=[tags.places(each.tags) for each in made],
            owners=[owners.places(each.owners) for each in made],
            columns=[" ".join(each.columns) for each in made],
            slo=[about.slo.get(key) for key in catalogue.assets],
        ),
        readiness=readiness.words,
    )


class _Vocabulary:
    """Distinct words, sorted, with their positions."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = sorted(set(words))
        self._places = {word: place for place, word in enumerate(self.words)}

    def place(self, word: str) -> int:
        return self._places[word]

    def places(self, words: Iterable[str]) -> list[int]:
        return sorted({self._places[word] for word in words})


def _tags(made: Produced) -> tuple[str, ...]:
    return made.tags


def _owners(made: Produced) -> tuple[str, ...]:
    return made.owners


def _ready(entry: Entry, made: Produced) -> str:
    """When the asset is ready in each relevant pipeline: for an exposed asset, the pipelines that expose it."""
    return "; ".join(
        format_readiness(name, entry.pipelines[name], promise.slo_seconds)
        for name, promise in made.pipelines.items()
        if promise.exposed or not made.exposed
    )


def _readers(catalogue: Catalogue, key: AssetKey) -> list[int]:
    return [catalogue.team_places[reader.team] for reader in catalogue.readers.other_teams(key)]

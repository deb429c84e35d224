"""Builds the files of a static site."""

from collections import defaultdict
from pathlib import Path

import msgspec

from dbt_scheduler.registry.entry import AssetKey
from dbt_scheduler.site.catalogue import Catalogue
from dbt_scheduler.site.documents import Findings, History, Landing
from dbt_scheduler.site.edges import make_edges
from dbt_scheduler.site.index import About, make_index
from dbt_scheduler.site.static import digest, script
from dbt_scheduler.site.teams import make_team

BUNDLE = ("app.css", "app.js", "index.html")
"""The files of the application, in the order in which a new release replaces them."""

INDEX = "data/index.js"
_LAST_RUNS = 30


class Site(msgspec.Struct, frozen=True):
    """A static site. ``documents`` are the documents in ``folder``; the index, which points to them, is written last."""

    folder: str
    documents: dict[str, bytes]
    bundle: dict[str, bytes]
    index: bytes


def build_site(
    catalogue: Catalogue, about: About, history: History | None = None, findings: Findings | None = None
) -> Site:
    """Build the documents and pages of a catalogue."""
    documents = {"edges": script("edges", make_edges(catalogue))}
    for place, team in enumerate(catalogue.teams):
        documents[f"teams/{place}"] = script(f"teams/{place}", make_team(catalogue, team))
    optional = {"history": history, "findings": findings}
    given = {name: document for name, document in optional.items() if document is not None}
    documents |= {name: script(name, document) for name, document in given.items()}
    folder = digest(documents)
    about = msgspec.structs.replace(about, folder=folder, documents=tuple(given))
    if history:
        met = slo_met(history.landings)
        about = msgspec.structs.replace(about, history_at=history.generated_at, slo=met)
    return Site(folder, documents, read_bundle(), script("index", make_index(catalogue, about)))


def slo_met(landings: tuple[Landing, ...]) -> dict[AssetKey, tuple[int, int]]:
    """For each asset, how many of its last 30 runs with an outcome met the SLO, and how many there are, if any."""
    found: dict[AssetKey, list[Landing]] = defaultdict(list)
    for landing in sorted(landings, key=lambda each: each.period_start, reverse=True):
        runs = found[AssetKey(landing.team, landing.asset)]
        if landing.met is not None and len(runs) < _LAST_RUNS:
            runs.append(landing)
    return {key: (sum(each.met is True for each in runs), len(runs)) for key, runs in found.items() if runs}


def read_bundle() -> dict[str, bytes]:
    """The files of the application from the package."""
    folder = Path(__file__).with_name("bundle")
    return {name: (folder / name).read_bytes() for name in BUNDLE}

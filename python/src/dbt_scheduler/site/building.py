"""Puts a static site together: what lies in its folder, by path."""

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
"""What the browser runs, in the order in which a new release replaces an old one."""

INDEX = "data/index.js"
_LAST_RUNS = 30


class Site(msgspec.Struct, frozen=True):
    """A static site; ``documents`` are those that the index leads to, in ``folder``, and the index is written last."""

    folder: str
    documents: dict[str, bytes]
    bundle: dict[str, bytes]
    index: bytes


def build_site(
    catalogue: Catalogue, about: About, history: History | None = None, findings: Findings | None = None
) -> Site:
    """All documents of a catalogue, and the pages that show them."""
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
    """Of each asset's last runs that had an SLO and are decided, how many met it, and how many there were."""
    found: dict[AssetKey, list[Landing]] = defaultdict(list)
    for landing in sorted(landings, key=lambda each: each.period_start, reverse=True):
        runs = found[AssetKey(landing.team, landing.asset)]
        if landing.met is not None and len(runs) < _LAST_RUNS:
            runs.append(landing)
    return {key: (sum(each.met is True for each in runs), len(runs)) for key, runs in found.items() if runs}


def read_bundle() -> dict[str, bytes]:
    """The files of the pages themselves, which the package has."""
    folder = Path(__file__).with_name("bundle")
    return {name: (folder / name).read_bytes() for name in BUNDLE}

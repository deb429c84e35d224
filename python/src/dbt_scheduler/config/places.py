"""Where the tasks of each kind run, as configured in ``platform.yaml``."""

from collections.abc import Iterator, Mapping
from typing import Any

from dbt_scheduler.config.yaml import Document
from dbt_scheduler.findings.catalogue.inputs import SCH424, SCH425, SCH426
from dbt_scheduler.findings.finding import Finding
from dbt_scheduler.kinds.places import QUEUEING, PlaceSettings, looks_secret, places, places_of

_REFERENCE = "remove it from environment, and reference a secret under {key} instead"
_INSTEAD = "remove it from environment, and let the job read the secret itself, as its service account"
_SIZES = ("cpus", "memory")
"""Keys that a place checks together."""


def place_settings(block: Mapping[str, Any]) -> PlaceSettings:
    """The settings in a block that includes the defaults."""
    common = {key: block[key] for key in ("where", "image", *QUEUEING)}
    own = {key: block[key] for key in places()[block["where"]].settings if block[key] is not None}
    overrides = None if block["overrides"] is None else tuple(block["overrides"])
    return PlaceSettings(**common, environment=_passed(block), settings=own, overrides=overrides)


def place_findings(document: Document, value: Mapping[str, Any]) -> Iterator[Finding]:
    """Findings for visible secrets, unsupported sizes, and keys of other places; ``value`` has the defaults."""
    kinds = [(("kinds", kind), block) for kind, block in value["kinds"].items()]
    for path, block in [(("dbt",), value["dbt"]), *kinds]:
        where = block["where"]
        said = {"block": ".".join(path), "where": where}
        place = places()[where]
        for name in filter(looks_secret, _passed(block) if place.shows_variables else ()):
            line, key = document.line((*path, "environment")), place.secrets_setting
            hint = _INSTEAD if key is None else _REFERENCE.format(key=key)
            yield SCH424.at(document.path, line, subject=name, hint=hint, variable=name, **said)
        own = {name: block[name] for name in place.settings}
        if problem := place.refusal and place.refusal(own):
            line = document.line((*path, next((name for name in _SIZES if block.get(name)), "where")))
            yield SCH426.at(document.path, line, subject=path[-1], problem=problem, **said)
        for name, able in _others(path[-1], where).items():
            if block[name] is not None:
                line = document.line((*path, name))
                keys = ", ".join(place.settings) or "none"
                yield SCH425.at(document.path, line, subject=name, key=name, able=able, keys=keys, **said)


def _others(kind: str, where: str) -> dict[str, str]:
    """Keys that only other places for this kind have, and those places."""
    found: dict[str, list[str]] = {}
    for other, place in places_of(kind).items():
        for name in place.settings.keys() - places()[where].settings.keys():
            found.setdefault(name, []).append(other)
    return {name: " and ".join(able) for name, able in sorted(found.items())}


def _passed(settings: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(settings["environment"].get("pass", ()))

"""Resolves names that Jinja uses only under ``{% if execute %}``: parsing does not record them, so slices lack them."""

from collections.abc import Callable
from functools import cache
from typing import Any

from dbt.contracts.graph.manifest import Manifest

from dbt_scheduler.dbt.graph import Graph

_LOOKUPS = {"resolve_ref": "nodes", "resolve_source": "sources", "resolve_function": "functions"}
"""The lookup methods of dbt's manifest, and the sections that they search."""


def look_up_in(manifest: Manifest, graph: Graph) -> None:
    """Make dbt fall back to the whole project for names that are not found in this manifest."""
    for method, section in _LOOKUPS.items():
        if hasattr(manifest, method):  # functions were added in dbt 1.11
            setattr(manifest, method, _looking_up(manifest, graph, method, section))


def _looking_up(manifest: Manifest, graph: Graph, method: str, section: str) -> Callable[..., Any]:
    own = getattr(manifest, method)

    @cache
    def whole() -> Manifest:
        data = {section: graph.get(section, {}), "metadata": manifest.metadata.to_dict()}
        found: Manifest = Manifest.from_msgpack(b"", decoder=lambda _: data)
        return found

    def look_up(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - dbt's signature
        return own(*arguments, **more) or getattr(whole(), method)(*arguments, **more)

    return look_up

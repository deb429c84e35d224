"""What Jinja names only when it runs, under ``{% if execute %}``: parsing has not seen it, so that no slice has it."""

from collections.abc import Callable
from functools import cache
from typing import Any

from dbt.contracts.graph.manifest import Manifest

from dbt_scheduler.dbt.graph import Graph

_LOOKUPS = {"resolve_ref": "nodes", "resolve_source": "sources", "resolve_function": "functions"}
"""Methods of dbt's manifest, and the sections of the project that they look into."""


def look_up_in(manifest: Manifest, graph: Graph) -> None:
    """Have dbt look into the whole project for what this manifest does not have: a source, or what to say of a node."""
    for method, section in _LOOKUPS.items():
        if hasattr(manifest, method):  # functions are new in dbt 1.11
            setattr(manifest, method, _looking_up(manifest, graph, method, section))


def _looking_up(manifest: Manifest, graph: Graph, method: str, section: str) -> Callable[..., Any]:
    own = getattr(manifest, method)

    @cache
    def whole() -> Manifest:
        data = {section: graph.get(section, {}), "metadata": manifest.metadata.to_dict()}
        found: Manifest = Manifest.from_msgpack(b"", decoder=lambda _: data)
        return found

    def look_up(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - dbt's
        return own(*arguments, **more) or getattr(whole(), method)(*arguments, **more)

    return look_up

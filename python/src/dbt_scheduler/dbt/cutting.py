"""Cuts a parsed project into slices: what dbt needs to build one node or run one test."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

Resource: TypeAlias = dict[str, Any]
"""A node, source, function, macro or group in dbt's JSON form."""

Slice: TypeAlias = dict[str, dict[str, Resource]]
"""Resources by section and unique_id: ``nodes`` and ``functions`` in full, ``stubs`` and ``function_stubs`` of parents.

``sources`` are in full, too.
"""

_SHARED = ("macros", "groups")
_DROPPED_FROM_STUBS = {"raw_code": "", "description": "", "columns": {}}


class Project:
    """A parsed project as plain data. At run time, dbt only uses the relation and config of a parent."""

    def __init__(self, manifest: Mapping[str, Any], roots: Mapping[str, str]) -> None:
        """``roots`` are the folders of packages, relative to the project's."""
        self._manifest = manifest
        self._roots = roots

    @property
    def hooks(self) -> list[str]:
        """The on-run-start and on-run-end hooks of the project and its packages."""
        return [uid for uid, node in self._manifest["nodes"].items() if node["resource_type"] == "operation"]

    def shared(self) -> dict[str, Any]:
        """The part shared by all slices: macros, groups and hooks."""
        metadata = self._manifest["metadata"]
        kept = ("project_name", "project_id", "adapter_type", "quoting")
        return {
            **{name: _sorted(self._manifest[name]) for name in _SHARED},
            "metadata": {name: metadata.get(name) for name in kept},
            "hooks": self.cut(*self.hooks),
        }

    def sliceable(self) -> Iterator[tuple[str, Resource]]:
        """The nodes and functions that a task builds or tests, each with its unique_id."""
        for section in ("nodes", "functions"):
            for unique_id, resource in sorted(self._manifest[section].items()):
                if resource["resource_type"] not in ("operation", "analysis", "sql_operation"):
                    yield unique_id, resource

    def cut(self, *unique_ids: str) -> Slice:
        """These nodes and their ephemeral parents in full, and stubs of all other parents."""
        found: Slice = {"nodes": {}, "functions": {}, "stubs": {}, "function_stubs": {}, "sources": {}}
        waiting = list(unique_ids)
        while waiting:
            unique_id = waiting.pop()
            section = "nodes" if unique_id in self._manifest["nodes"] else "functions"
            if unique_id in found[section]:
                continue
            resource = self._manifest[section][unique_id]
            found[section][unique_id] = self._portable(resource)
            for parent in resource["depends_on"].get("nodes", ()):
                if self._add_stub(parent, found):
                    waiting.append(parent)
        return {section: _sorted(resources) for section, resources in found.items()}

    def missing(self, unique_id: str) -> str | None:
        """The first parent of a node that is neither a node, a source nor a function; None if there is none."""
        known = [self._manifest[section] for section in ("nodes", "sources", "functions")]
        parents: Iterable[str] = self._resource(unique_id)["depends_on"].get("nodes", ())
        return next((parent for parent in parents if not any(parent in each for each in known)), None)

    def _add_stub(self, unique_id: str, found: Slice) -> bool:
        """Add a parent's stub; True if it is ephemeral, and must be added in full instead."""
        if unique_id in self._manifest["sources"]:
            found["sources"][unique_id] = _portable(self._manifest["sources"][unique_id])
        elif unique_id in self._manifest["functions"]:
            found["function_stubs"][unique_id] = _stub(self._manifest["functions"][unique_id])
        elif node := self._manifest["nodes"].get(unique_id):
            if node["resource_type"] == "model" and node["config"]["materialized"] == "ephemeral":
                return True
            found["stubs"][unique_id] = _stub(self._portable(node))
        return False

    def _resource(self, unique_id: str) -> Resource:
        nodes = self._manifest["nodes"]
        resource: Resource = nodes.get(unique_id) or self._manifest["functions"][unique_id]
        return resource

    def _portable(self, resource: Resource) -> Resource:
        """Also makes the ``root_path`` of a seed relative to the project's folder."""
        if resource.get("root_path"):
            return {**_portable(resource), "root_path": self._roots[resource["package_name"]]}
        return _portable(resource)


def _stub(resource: Resource) -> Resource:
    """A parent's relation and config, without its own parents, which are not in the slice."""
    depends_on = {**resource["depends_on"], **({"nodes": []} if "nodes" in resource["depends_on"] else {})}
    dropped = {name: empty for name, empty in _DROPPED_FROM_STUBS.items() if name in resource}
    return {**_portable(resource), **dropped, "depends_on": depends_on}


def _portable(resource: Resource) -> Resource:
    """The resource without its parse time, which nothing reads at run time."""
    return {**resource, "created_at": 0.0} if "created_at" in resource else resource


def _sorted(resources: Mapping[str, Resource]) -> dict[str, Resource]:
    return {unique_id: _portable(resources[unique_id]) for unique_id in sorted(resources)}

"""Stands in for dbt-loom in tests: a dbt plugin that brings other projects' models into the manifest.

dbt imports every module called ``dbt_*`` each time it starts, so this one is on the path of single calls only.
``CROSS_PROJECT_MANIFESTS`` names the manifests, as ``PATH`` names folders.
"""

import json
import os
from pathlib import Path
from typing import Any

from dbt.contracts.graph.node_args import ModelNodeArgs
from dbt.plugins.manager import dbt_hook, dbtPlugin
from dbt.plugins.manifest import PluginNodes


class CrossProject(dbtPlugin):
    """Every model of the manifests, with the fields that dbt-loom 0.9 gives it: versions are text."""

    @dbt_hook
    def get_nodes(self) -> PluginNodes:
        nodes = PluginNodes()
        for path in filter(None, os.environ.get("CROSS_PROJECT_MANIFESTS", "").split(os.pathsep)):
            for node in json.loads(Path(path).read_text())["nodes"].values():
                if node["resource_type"] == "model":
                    nodes.add_model(_arguments(node))
        return nodes


def _arguments(node: dict[str, Any]) -> ModelNodeArgs:
    versions = {key: str(node[key]) for key in ("version", "latest_version") if node.get(key)}
    return ModelNodeArgs(
        name=node["name"],
        package_name=node["package_name"],
        identifier=node["alias"],
        schema=node["schema"],
        database=node["database"],
        relation_name=node["relation_name"],
        access=node["access"],
        depends_on_nodes=[parent for parent in node["depends_on"]["nodes"] if not parent.startswith("source.")],
        **versions,
    )


plugins = [CrossProject]

"""Plugins of dbt that add nodes to a project whenever dbt parses it: a slice cannot know where they take these from."""

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec


def node_plugin() -> str | None:
    """The first of the modules that dbt takes for its plugins and that adds nodes; None if none does.

    Raises:
        Exception: whatever a module raises when it is imported, which dbt would do as well.

    """
    return next((name for name in sorted({*_modules()}) if _adds_nodes(name)), None)


def _modules() -> Iterator[str]:
    """Those on the path that dbt imports when it starts: ``pkgutil.iter_modules`` takes ten times as long."""
    for folder in filter(os.path.isdir, sys.path):
        for path in os.listdir(folder):  # noqa: PTH208 - a list of names is all that is needed
            name = path.partition(".")[0]
            if name.startswith("dbt_") and name.isidentifier():
                yield name


def _adds_nodes(name: str) -> bool:
    if name not in sys.modules and not getattr(find_spec(name), "origin", None):
        return False
    plugins = getattr(import_module(name), "plugins", ())
    return any(hasattr(getattr(plugin, "get_nodes", None), "is_dbt_hook") for plugin in plugins)

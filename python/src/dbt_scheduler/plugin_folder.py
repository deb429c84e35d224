"""Loads plug-ins: each module of a package is one, and no list of them is needed.

This module is not called ``plugins``: dbt imports every package whose name begins with ``dbt_``, and reads its
attribute ``plugins`` as dbt plug-ins.
"""

import pkgutil
from importlib import import_module
from typing import TypeVar

_T = TypeVar("_T")


def plugins(package: str, type_: type[_T]) -> dict[str, _T]:
    """The ``PLUGIN`` of each module of a package, by the module's name with ``-`` for ``_``, sorted.

    Sub-packages are skipped. Plug-ins must be importable without optional packages.

    Raises:
        TypeError: a ``PLUGIN`` has another type.

    """
    found: dict[str, _T] = {}
    for module in sorted(pkgutil.iter_modules(import_module(package).__path__), key=lambda found: found.name):
        if module.ispkg:
            continue
        plugin = import_module(f"{package}.{module.name}").PLUGIN
        if not isinstance(plugin, type_):
            raise TypeError(f"{package}.{module.name}.PLUGIN is no {type_.__name__}")
        found[module.name.replace("_", "-")] = plugin
    return found

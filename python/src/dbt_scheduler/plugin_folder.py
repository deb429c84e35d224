"""Plug-ins: each module of a folder is one, and is all there is to add. No list of them is kept anywhere.

This module is not called ``plugins``: dbt imports every package whose name begins with ``dbt_``, and takes an attribute
of that name for the plug-ins of its own.
"""

import pkgutil
from importlib import import_module
from typing import TypeVar

_T = TypeVar("_T")


def plugins(package: str, type_: type[_T]) -> dict[str, _T]:
    """What each module of a package calls ``PLUGIN``, by the module's name, with ``-`` for ``_``; sorted.

    Packages inside are no plug-ins. Importing a plug-in needs nothing that may not be installed.

    Raises:
        TypeError: a module's ``PLUGIN`` is of another type.

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

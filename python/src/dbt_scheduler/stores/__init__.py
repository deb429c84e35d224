"""Where the registry is kept: one document per team, in a folder or in object storage, named by a URL.

A store is one module of this package, called like its URLs' scheme, with a function ``open_store(url)``.
"""

import pkgutil
from importlib import import_module
from pathlib import Path
from urllib.parse import quote, urlsplit

from dbt_scheduler.stores._entries import Reading, RegistryUnreadableError, Store

__all__ = ["Reading", "RegistryUnreadableError", "Store", "open_store", "registry_url", "schemes"]


def open_store(url: str) -> Store:
    """Open the store that an absolute URL names; nothing is read yet.

    Raises:
        ValueError: the URL is of no known scheme, or not complete.

    """
    scheme = urlsplit(url).scheme
    if scheme not in schemes():
        raise ValueError(f"registry URLs start with {_starts()}, not with {scheme or url}")
    store: Store = import_module(f"{__name__}.{scheme}").open_store(url)
    return store


def schemes() -> tuple[str, ...]:
    """Every scheme that there is a store for."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def registry_url(written: str, folder: Path) -> str:
    """Make a URL absolute: ``file:registry``, or just ``registry``, is a folder below the one given.

    Raises:
        ValueError: it is of no known scheme, or not complete.

    """
    parts = urlsplit(written)
    if parts.scheme not in ("", "file"):
        open_store(written)
        return written
    if parts.netloc or parts.query or parts.fragment or not parts.path:
        raise ValueError(f'"{written}" is no folder: write file:///an/absolute/folder or file:a/relative/one')
    path = parts.path if parts.scheme else quote(parts.path)
    if not path.startswith("/"):
        path = f"{quote(str(folder.resolve()))}/{path}"
    return f"file://{path}"


def _starts() -> str:
    return ", ".join(f"{scheme}:" for scheme in schemes())

"""Registry stores: one document per team, in a folder or in object storage, identified by a URL.

Each scheme is a module of this package with the same name.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from dbt_scheduler.findings.printable import shown_url
from dbt_scheduler.plugin_folder import plugins
from dbt_scheduler.registry.backend import Scheme
from dbt_scheduler.registry.cache import Cache
from dbt_scheduler.registry.store import Store

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


def open_store(url: str, seconds: float = 10) -> Store:
    """Open the store with an absolute URL, without reading it yet.

    Reads of a remote store have a time limit: a completion callback has 15 seconds in total and needs five for
    Airflow's API.

    Raises:
        ValueError: the scheme is unknown, or the URL is incomplete or leaves its root.

    """
    scheme, known = _scheme(url), schemes()
    if scheme not in known:
        raise ValueError(f"registry URLs start with {_starts()}, not with {scheme or shown_url(url)}")
    return Store(known[scheme].open(url), Cache.of(url), seconds)


def schemes() -> Mapping[str, Scheme]:
    """All supported schemes, by name."""
    return plugins(__name__, Scheme)


def registry_url(written: str, folder: Path) -> str:
    """Make a URL absolute: ``file:registry``, or just ``registry``, is relative to the given folder.

    Raises:
        ValueError: the URL is not supported.

    """
    scheme = _scheme(written)
    url = written
    if scheme in ("", "file"):
        path = written.removeprefix("file:") if scheme else quote(written)
        if not path or path.startswith("//") != path.startswith("///") or "?" in path or "#" in path:
            raise ValueError(
                f'"{shown_url(written)}" is not a valid URL: use file:///an/absolute/folder or '
                "file:a/relative/one"
            )
        if not path.startswith("/"):
            path = f"{quote(str(folder.resolve()))}/{path}"
        url = f"file://{path.removeprefix('//')}"
    try:
        open_store(url)
    except ValueError as error:
        # Quotes the user's own text.
        raise ValueError(str(error).replace(f'"{url}"', f'"{shown_url(written)}"')) from None
    return url


def typed_url(typed: str) -> str:
    """Resolve a command line argument: a URL, or a path relative to the current folder.

    Raises:
        ValueError: the URL is not supported.

    """
    path_only = typed and not _scheme(typed)
    try:
        return registry_url(Path(typed).resolve().as_uri() if path_only else typed, Path())
    except RuntimeError:
        raise ValueError(f"{typed} is a symlink to itself") from None
    except OSError as error:
        raise ValueError(f"cannot resolve {typed}: {error.strerror}") from None


def _scheme(url: str) -> str:
    match = _SCHEME.match(url)
    return match[1] if match else ""


def _starts() -> str:
    return ", ".join(f"{scheme}:" for scheme in schemes())

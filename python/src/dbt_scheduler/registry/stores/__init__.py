"""Where the registry is kept: one document per team, in a folder or in object storage, named by a URL.

A scheme is one module of this package, called like it.
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
    """Open the store that an absolute URL names; nothing is read yet.

    Reading a remote one takes so many seconds at most. A completion callback, which has 15 in all, needs the
    other five to ask Airflow.

    Raises:
        ValueError: the URL is of no known scheme, not complete, or leads out of what it names.

    """
    scheme, known = _scheme(url), schemes()
    if scheme not in known:
        raise ValueError(f"registry URLs start with {_starts()}, not with {scheme or shown_url(url)}")
    return Store(known[scheme].open(url), Cache.of(url), seconds)


def schemes() -> Mapping[str, Scheme]:
    """Every scheme that there is a store for, by its name."""
    return plugins(__name__, Scheme)


def registry_url(written: str, folder: Path) -> str:
    """Make a URL absolute: ``file:registry``, or just ``registry``, is a folder below the one given.

    Raises:
        ValueError: it is no URL that can be opened.

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
        # In the words of whoever wrote it.
        raise ValueError(str(error).replace(f'"{url}"', f'"{shown_url(written)}"')) from None
    return url


def typed_url(typed: str) -> str:
    """What somebody typed on a command line: a URL, or a path as the shell means it.

    Raises:
        ValueError: it is no URL that can be opened.

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

"""Caches documents of a remote registry in the user's cache folder; cache errors are ignored."""

import contextlib
import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from dbt_scheduler.files import read_inside, write_atomically
from dbt_scheduler.registry.backend import MOST_BYTES


class Cache:
    """Documents by team and version. Never raises: missing documents are fetched again."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    @classmethod
    def of(cls, url: str) -> "Cache":
        """The cache of a registry, below ``XDG_CACHE_HOME`` or ``~/.cache``."""
        root = _root()
        if root is None:
            return cls(None)
        digest = hashlib.blake2b(url.encode(), digest_size=16).hexdigest()
        return cls(root / "dbt-scheduler" / "registry" / digest)

    def get(self, team: str, version: str) -> bytes | None:
        """The document of that version; None if it is not in the cache."""
        if self.folder is None or not _is_own(self.folder):
            return None
        with contextlib.suppress(OSError):
            return read_inside(self.folder / _name(team, version), MOST_BYTES)
        return None

    def put(self, team: str, version: str, content: bytes) -> None:
        """Keep a document."""
        if self.folder is None:
            return
        with contextlib.suppress(OSError):
            # The registry is internal: other users of a shared machine must not read it.
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(self.folder / _name(team, version), content)

    def keep_only(self, versions: Mapping[str, str]) -> None:
        """Remove all other documents: other versions, and those of other teams."""
        if self.folder is None:
            return
        kept = {_name(team, version) for team, version in versions.items()}
        with contextlib.suppress(OSError):
            for path in self.folder.glob("[!.]*.json"):
                if path.name not in kept:
                    path.unlink(missing_ok=True)


def _is_own(folder: Path) -> bool:
    """Whether only this user can write to the folder: the variable may name a shared one."""
    try:
        found = folder.stat(follow_symlinks=False)
    except OSError:
        return False
    if not hasattr(os, "getuid"):  # Windows separates the users' folders
        return True
    return found.st_uid == os.getuid() and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o022


def _name(team: str, version: str) -> str:
    return f"{team}.{quote(version, safe='')}.json"


def _root() -> Path | None:
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if named.is_absolute():  # relative paths must be ignored: XDG Base Directory Specification
        return named
    try:
        return Path.home() / ".cache"
    except RuntimeError:  # there is no home folder
        return None

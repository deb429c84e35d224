"""A registry in a folder: ``file:///srv/registry`` holds one ``{team}.json`` per team."""

import errno
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import ClassVar
from urllib.parse import unquote

from dbt_scheduler.files import read_inside, write_atomically
from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.findings.printable import shown_url
from dbt_scheduler.registry.backend import (
    MOST_BYTES,
    ChangedError,
    RegistryUnreadableError,
    RegistryUnwritableError,
    Scheme,
    StoredDocument,
)
from dbt_scheduler.registry.publishers import same_but_for_case

_LOCK = ".publish.lock"
_PATIENCE, _PAUSE = 20.0, 0.02  # seconds; a write takes some thousandths of one


def _open(url: str) -> "Folder":
    """The folder of a ``file:`` URL.

    Raises:
        ValueError: the URL is not that of an absolute folder, or leaves the folder.

    """
    path = url.removeprefix("file:")
    path = path[2:] if path.startswith("///") else path
    if not path.startswith("/") or path.startswith("//") or "?" in path or "#" in path:
        raise ValueError(f'"{shown_url(url)}" is not the URL of a folder: use file:///an/absolute/folder')
    path = unquote(path)
    if ".." in PurePosixPath(path).parts:
        raise ValueError(f'"{shown_url(url)}" must not contain ".."')
    if "\0" in path:
        raise ValueError(f'"{shown_url(url)}" contains a null character')
    return Folder(Path(path))


class Folder:
    """One document per team in a folder; other files are ignored. A version is a digest."""

    # Measured: threads do not speed up local reads, and a cache would have as many files to read.
    remote: ClassVar[bool] = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def versions(self) -> dict[str, str | None] | None:  # noqa: D102 - as the protocol says
        try:
            return {path.stem: None for path in self.folder.iterdir() if path.suffix == ".json"}
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RegistryUnreadableError(_reason(error)) from None

    def get(self, team: str) -> StoredDocument | None:  # noqa: D102
        try:
            content = read_inside(self._file(team), MOST_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RegistryUnreadableError(_reason(error)) from None
        return StoredDocument(content, hashlib.sha256(content).hexdigest())

    def put(self, team: str, content: bytes, version: str | None) -> None:  # noqa: D102
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._locked():
                self._refuse_same_file(team)
                current = self.get(team)
                if (current.version if current else None) != version:
                    raise ChangedError
                write_atomically(self._file(team), content)
        except OSError as error:
            raise RegistryUnwritableError(_reason(error)) from None

    def place(self, team: str) -> str:  # noqa: D102
        return str(self._file(team))

    def _file(self, team: str) -> Path:
        return self.folder / f"{team}.json"

    def _refuse_same_file(self, team: str) -> None:
        """On a case-insensitive file system, two teams' documents would be the same file."""
        other = same_but_for_case(team, self.versions() or ())
        if other:
            raise RegistryUnwritableError(f'the name of team "{other}" differs only in case')

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock the folder for writing; the operating system releases the lock of a process that dies."""
        lock = _open_lock(self.folder / _LOCK)
        try:
            until = time.monotonic() + _PATIENCE
            while not _taken(lock):
                if time.monotonic() > until:
                    raise RegistryUnwritableError(
                        f"another publish did not finish within {format_count(_PATIENCE, 'second')}"
                    )
                time.sleep(_PAUSE)
            yield
        finally:
            os.close(lock)


def _open_lock(path: Path) -> int:
    # In a shared folder, another user may have created a symlink here to a file that only this user may open.
    straight = os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | straight, 0o666)
    except PermissionError:
        if not path.exists():
            raise
        # Created by another user: read access is enough for a lock, except on NFS, which requires write access.
        return os.open(path, os.O_RDONLY | straight)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RegistryUnwritableError(f"{path} is a symlink: remove it") from None
        raise


def _taken(lock: int) -> bool:
    import fcntl  # noqa: PLC0415 - not available on Windows, and not needed for reading

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


PLUGIN = Scheme(
    description="a folder that CI and Airflow share; a relative path starts at the folder of `platform.yaml`",
    examples=("file:///srv/registry", "file:registry"),
    open=_open,
)

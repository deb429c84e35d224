"""Reads and writes files: JSON with useful diffs, only whole files, and no symlinks out of a folder."""

import errno
import os
import re
import stat
from pathlib import Path

import msgspec

_NULL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_SHOWN_NULL = "␀".encode()


def encode_json(document: object) -> bytes:
    """Encode with sorted keys and one value per line: the same document has the same bytes.

    A null character is replaced by its visible sign: PostgreSQL cannot store it, and in a tag it would end Airflow's
    DAG processor.
    """
    content = msgspec.json.encode(document, order="sorted")
    if b"\\u0000" in content:
        content = _NULL.sub(rb"\1" + _SHOWN_NULL, content)
    return msgspec.json.format(content, indent=2) + b"\n"


def write_atomically(path: Path, content: bytes, *, new: bool = False) -> None:
    """Replace a file atomically, creating its folder if needed; after an interruption, the old file is unchanged.

    Raises:
        FileExistsError: the file must be ``new``, but exists.
        OSError: the folder or the file cannot be written.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because a rename is atomic only within one file system.
    temporary = path.with_name(f".{path.name[:100]}.{os.urandom(4).hex()}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if not new or not _linked(temporary, path):
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_inside(path: Path, most: int) -> bytes:
    """The content of a regular file, unless it is a symlink to a file outside of its folder.

    If it has more than ``most`` bytes, the first ``most + 1`` are returned.

    Raises:
        OSError: it cannot be read; ``strerror`` is the reason.

    """
    if path.is_symlink():
        target = resolved(path)
        if not target.is_relative_to(path.parent.resolve()):
            raise OSError(errno.ELOOP, "it is a symlink to a file outside its folder", str(path))
        path = target
    return _read(path, getattr(os, "O_NOFOLLOW", 0), most + 1)


def read_file(path: Path) -> bytes:
    """The content of a regular file, also through a symlink; reading a pipe could block, and a device may be endless.

    Raises:
        OSError: it cannot be read, or is not a regular file; ``strerror`` is the reason.

    """
    return _read(path, 0, -1)


def read_lines(path: Path) -> list[str]:
    """The lines of a text file; empty if it cannot be read."""
    try:
        return read_file(path).decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def _read(path: Path, flags: int, most: int) -> bytes:
    # Windows has neither O_NOFOLLOW nor O_NONBLOCK, and would change line ends without O_BINARY.
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | flags)
    try:
        mode = os.fstat(opened).st_mode
        if not stat.S_ISREG(mode):
            reason = "is a directory" if stat.S_ISDIR(mode) else "not a regular file"
            raise OSError(errno.EINVAL, reason, str(path))
        with os.fdopen(opened, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(opened)


def resolved(path: Path) -> Path:
    """The resolved path. Raises OSError for a symlink loop."""
    try:
        return path.resolve()
    except RuntimeError:  # Python up to 3.12 raises it for ELOOP
        raise OSError(errno.ELOOP, "it is a symlink to itself", str(path)) from None


def _linked(file: Path, path: Path) -> bool:
    """Whether ``path`` is now a hard link to the file; False without hard links. Raises FileExistsError if it exists."""
    try:
        path.hardlink_to(file)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True

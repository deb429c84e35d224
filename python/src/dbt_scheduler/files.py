"""Reads and writes files: JSON whose diffs show what changed, never a part of a file, never a way out of a folder."""

import errno
import os
import re
import stat
from pathlib import Path

import msgspec

_NULL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_SHOWN_NULL = "␀".encode()


def encode_json(document: object) -> bytes:
    """Sorted keys and one value per line: the same bytes for the same document.

    A null character becomes the sign for one: PostgreSQL stores none, and one in a tag would end Airflow's DAG processor.
    """
    content = msgspec.json.encode(document, order="sorted")
    if b"\\u0000" in content:
        content = _NULL.sub(rb"\1" + _SHOWN_NULL, content)
    return msgspec.json.format(content, indent=2) + b"\n"


def write_atomically(path: Path, content: bytes, *, new: bool = False) -> None:
    """Replace a file at once, making its folder if need be; when interrupted, what was there stays whole.

    Raises:
        FileExistsError: the file must be ``new``, and somebody else was faster.
        OSError: the folder cannot be made or the file not be written.

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
    """A file's content: never that of a file outside of its folder, which a link leads to, or of a pipe or device.

    Of one with more than ``most`` bytes it is the beginning, a byte too long.

    Raises:
        OSError: it cannot be read, with the reason in words.

    """
    if path.is_symlink():
        target = resolved(path)
        if not target.is_relative_to(path.parent.resolve()):
            raise OSError(errno.ELOOP, "it is a symlink to a file outside its folder", str(path))
        path = target
    return _read(path, getattr(os, "O_NOFOLLOW", 0), most + 1)


def read_file(path: Path) -> bytes:
    """A file's content, wherever a link leads to; a pipe would be waited for, and a device may have no end.

    Raises:
        OSError: it cannot be read, or is no regular file, with the reason in words.

    """
    return _read(path, 0, -1)


def read_lines(path: Path) -> list[str]:
    """The lines of a text file; none of one that cannot be read."""
    try:
        return read_file(path).decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def _read(path: Path, flags: int, most: int) -> bytes:
    # Windows has no O_NOFOLLOW and no O_NONBLOCK, and would change line ends without O_BINARY.
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
    """Where a path really is; OSError where that cannot be said."""
    try:
        return path.resolve()
    except RuntimeError:  # Python's way to say ELOOP, up to 3.12
        raise OSError(errno.ELOOP, "it is a symlink to itself", str(path)) from None


def _linked(file: Path, path: Path) -> bool:
    """Whether the file has a second name now, which nobody had taken; false where there are no hard links."""
    try:
        path.hardlink_to(file)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True

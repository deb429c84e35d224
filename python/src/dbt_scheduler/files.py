"""Writes files: JSON whose diffs show what changed, and never a part of a file for a reader to see."""

import os
from pathlib import Path

import msgspec


def encode_json(document: object) -> bytes:
    """Sorted keys and one value per line: the same bytes for the same document."""
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n"


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


def _linked(file: Path, path: Path) -> bool:
    """Whether the file has a second name now, which nobody had taken; false where there are no hard links."""
    try:
        path.hardlink_to(file)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True

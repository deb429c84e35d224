"""Slices on disk: an index in JSON lines, and files named after their digest.

The first line of the index has its format and a digest of the rest; then follow the origin of the slices and one line
per node, so that one entry is found without parsing the others.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import msgpack

FOLDER = Path(".dbt_scheduler", "slices")
"""Relative to the project's folder."""

FORMAT = 2

_INDEX, _SEEN = "index.jsonl", "seen.json"
_SUFFIX = ".msgpack"
_NOT_IN_SELECTORS = re.compile(r"[^\w./-]")


class NoSliceError(Exception):
    """No slice can be used; the message is the reason, as the end of a sentence."""


class Entry(NamedTuple):
    """The index entry of a selector: the digest of the node's slice, or the reason why it has none."""

    unique_id: str
    digest: str | None
    reason: str | None


class Index(NamedTuple):
    """The index of a project: the origin of its slices, and the unparsed lines of its nodes."""

    folder: Path
    made_from: Mapping[str, Any]
    lines: bytes

    def find(self, selector: str) -> Entry:
        """The entry of a node by its selector; NoSliceError unless the selector matches exactly one."""
        start = _key(selector)
        at = self.lines.find(start)
        if at < 0:
            raise NoSliceError(f"{selector} was not part of the project when it was sliced")
        if self.lines.find(start, at + 1) >= 0:
            raise NoSliceError(f"{selector} does not select exactly one node")
        line = json.loads(self.lines[at + 1 : self.lines.index(b"\n", at + 1)])
        return Entry(line["node"], line.get("slice"), line.get("reason"))

    def read(self, digest: str) -> Any:  # noqa: ANN401 - plain data
        """The content of the file with this digest; NoSliceError if it cannot be read, or was changed."""
        path = self.folder / f"{digest}{_SUFFIX}"
        try:
            content = path.read_bytes()
        except OSError as error:
            raise NoSliceError(f"cannot read {path.name}: {error.strerror}") from None
        if sha256(content).hexdigest() != digest:
            raise NoSliceError(f"{path.name} was changed")
        try:
            import msgpack  # noqa: PLC0415 - dbt's: without dbt, the plain command is run
        except ModuleNotFoundError:
            raise NoSliceError(f"dbt is not installed in the environment of {sys.executable}") from None
        return msgpack.unpackb(content, strict_map_key=False, ext_hook=_decode_date)


def selector_of(fqn: Sequence[str]) -> str:
    """How the compiler's commands select a node, up to the first comma."""
    return "fqn:" + _NOT_IN_SELECTORS.sub("?", ".".join(fqn))


def read_index(project: Path) -> Index:
    """Read the index of a project's slices.

    Raises:
        NoSliceError: it is missing, damaged, or has an unsupported format.

    """
    try:
        content = (project / FOLDER / _INDEX).read_bytes()
    except FileNotFoundError:
        raise NoSliceError("the project has not been sliced") from None
    except OSError as error:
        raise NoSliceError(f"cannot read {FOLDER / _INDEX}: {error.strerror}") from None
    head, _, body = content.partition(b"\n")
    try:
        header = json.loads(head)
        version, digest = header["format"], header["digest"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NoSliceError(f"{FOLDER / _INDEX} is corrupted") from None
    if version != FORMAT:
        raise NoSliceError(
            f"{FOLDER / _INDEX} has format {version}, but this dbt-scheduler supports {FORMAT}"
        )
    if sha256(body).hexdigest() != digest:
        raise NoSliceError(f"{FOLDER / _INDEX} is corrupted")
    made_from, _, lines = body.partition(b"\n")
    return Index(project / FOLDER, json.loads(made_from), b"\n" + lines)


def read_seen(index: Index) -> Mapping[str, Any]:
    """File metadata of this machine for this index; empty if there is none."""
    try:
        seen = json.loads((index.folder / _SEEN).read_bytes())
        return seen if seen["files"] == index.made_from["files"] else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


class Writer:
    """Writes the slices of a project: files first, the index last; then it removes unreferenced files."""

    def __init__(self, project: Path) -> None:
        """Raises OSError if the folder is not writable."""
        self._folder = project / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=self._folder):
            pass
        self._kept: set[str] = set()

    def add(self, content: object) -> str:
        """Write a file; returns its digest."""
        import msgpack  # noqa: PLC0415 - see read

        packed: bytes = msgpack.packb(content, default=_encode_date)
        digest = sha256(packed).hexdigest()
        name = f"{digest}{_SUFFIX}"
        if name not in self._kept:
            self._kept.add(name)
            self._write(name, packed)
        return digest

    def finish(
        self, made_from: Mapping[str, Any], entries: Iterable[tuple[str, Entry]], seen: Mapping[str, Any]
    ) -> None:
        """Write the index with these entries by selector, and this machine's file metadata."""
        lines = b"".join(_line(selector, entry) for selector, entry in sorted(entries))
        body = json.dumps(made_from, sort_keys=True).encode() + b"\n" + lines
        header = {"format": FORMAT, "digest": sha256(body).hexdigest()}
        self._write(_INDEX, json.dumps(header).encode() + b"\n" + body)
        self._write(_SEEN, json.dumps(seen, sort_keys=True).encode())
        for path in self._folder.glob(f"*{_SUFFIX}"):
            if path.name not in self._kept:
                path.unlink(missing_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        if path.exists() and path.read_bytes() == content:
            return
        temporary = path.with_name(f".{os.urandom(8).hex()}.tmp")
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _encode_date(value: object) -> "msgpack.ExtType":
    """Dates occur in YAML, and msgpack has no type for them."""
    import msgpack  # noqa: PLC0415 - see Index.read

    if isinstance(value, datetime):
        return msgpack.ExtType(2, value.isoformat().encode())
    if isinstance(value, date):
        return msgpack.ExtType(1, value.isoformat().encode())
    raise TypeError(f"{type(value).__name__} cannot be written")


def _decode_date(code: int, data: bytes) -> date:
    return (datetime if code == 2 else date).fromisoformat(data.decode())  # noqa: PLR2004 - the number written above


def _line(selector: str, entry: Entry) -> bytes:
    what = ("slice", entry.digest) if entry.digest else ("reason", entry.reason)
    return (json.dumps({"select": selector, "node": entry.unique_id, what[0]: what[1]}) + "\n").encode()


def _key(selector: str) -> bytes:
    """The start of a selector's line, including the preceding line end."""
    return b"\n" + json.dumps({"select": selector})[:-1].encode() + b","

"""Reads dbt's ``manifest.json``; decodes only the fields of ``Manifest``."""

import gzip
import io
import json
import re
import zlib
from pathlib import Path

import msgspec

from dbt_scheduler.decoding_errors import describe
from dbt_scheduler.files import read_file
from dbt_scheduler.findings.catalogue.inputs import SCH401, SCH402, SCH403
from dbt_scheduler.findings.finding import CannotRunError
from dbt_scheduler.project.manifest import Manifest, Metadata

_SUPPORTED_VERSION = 12
"""The schema version of https://schemas.getdbt.com/dbt/manifest that dbt 1.8 to 1.12 write.

dbt 1.7 writes 11, and does not support all options of the commands that tasks run.
"""


class _Head(msgspec.Struct):
    metadata: Metadata


_DECODER = msgspec.json.Decoder(Manifest)
# Deep nesting raises a RecursionError; all other errors are ValueErrors, also that of an integer with too many digits.
_UNDECODABLE = (ValueError, RecursionError)
_NULL_DEPTH = 3
"""The levels of dbt's own keys: a node, its ``config``, and its ``meta``, which contains the user's values."""

_FREE_SIZE, _MAX_GROWTH = 50_000_000, 100


def load_manifest(path: Path) -> Manifest:
    """Read and decode a manifest, which is gzipped if its name ends in ``.gz``.

    Raises:
        CannotRunError: the file is missing, unreadable, not a manifest, or of a version that is not
        supported.

    """
    return _decode(_read(path), str(path))


def _read(path: Path) -> bytes:
    try:
        content = read_file(path)
        return _unpacked(content) if path.suffix == ".gz" else content
    except FileNotFoundError:
        raise CannotRunError.because(
            SCH401.at(str(path), hint="run `dbt compile` in the project, or set the path with --manifest")
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise CannotRunError.because(SCH402.at(str(path), problem=_reason(error))) from None


def _unpacked(content: bytes) -> bytes:
    """Decompress up to a size that no manifest reaches: they compress to about a tenth. EOFError beyond it."""
    most = _FREE_SIZE + _MAX_GROWTH * len(content)
    with gzip.open(io.BytesIO(content)) as packed:
        unpacked = packed.read(most + 1)
    if len(unpacked) > most:
        raise EOFError(f"it decompresses to more than {most:,} bytes")
    return unpacked


def _decode(content: bytes, path: str) -> Manifest:
    try:
        manifest = _DECODER.decode(content)
    except _UNDECODABLE as error:
        try:
            manifest = _decode_leniently(content, path)
        except msgspec.ValidationError as wrong:  # this error, as strict JSON may reject what dbt writes
            raise CannotRunError.because(SCH402.at(path, problem=_reason(wrong))) from None
        except _UNDECODABLE:
            raise CannotRunError.because(SCH402.at(path, problem=_reason(error))) from None
    _check_version(manifest.metadata, path)
    # dbt keeps functions (1.11) separate from nodes, but names, configures and builds them like nodes.
    manifest = msgspec.structs.replace(manifest, nodes=manifest.nodes | manifest.functions)
    for entries in (manifest.nodes, manifest.sources, manifest.exposures):
        for key, entry in entries.items():
            if entry.unique_id != key:
                problem = f'"{key}" has the unique_id "{entry.unique_id}"'
                raise CannotRunError.because(SCH402.at(path, problem=problem))
    return manifest


def _decode_leniently(content: bytes, path: str) -> Manifest:
    """Decode a manifest with values that strict JSON or our types reject, but that dbt writes.

    dbt writes ``Infinity`` and ``NaN`` of a ``meta`` without quotes; dbt Fusion writes an empty ``config`` or ``meta``
    as null. The version is checked first: a manifest of another version fails with misleading errors.
    """
    document = json.loads(content)
    _check_version(msgspec.convert(document, _Head).metadata, path)
    if isinstance(document, dict):
        for part, entries in document.items():
            if isinstance(entries, dict):
                document[part] = {key: _without_nulls(entry, _NULL_DEPTH) for key, entry in entries.items()}
    return msgspec.convert(document, Manifest)


def _without_nulls(value: object, depth: int) -> object:
    if not isinstance(value, dict) or not depth:
        return value
    return {key: _without_nulls(part, depth - 1) for key, part in value.items() if part is not None}


def _check_version(metadata: Metadata, path: str) -> None:
    url = metadata.dbt_schema_version
    version = re.search(r"/v([0-9]{1,4})\.json$", url)
    if version is None or int(version[1]) != _SUPPORTED_VERSION:
        shown = f"v{version[1]}" if version else url or "(none)"
        raise CannotRunError.because(
            SCH403.at(path, version=shown, dbt_version=metadata.dbt_version or "(unknown)")
        )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "not valid UTF-8"
    return (
        describe(error, "does not have the format that dbt writes")
        if isinstance(error, msgspec.ValidationError)
        else str(error)
    )

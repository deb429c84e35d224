"""dbt's ``manifest.json``, decoded partially: only the fields that scheduling needs become Python objects."""

import errno
import gzip
import io
import json
import re
import zlib
from pathlib import Path

import msgspec

from dbt_scheduler.findings.catalogue.inputs import SCH401, SCH402, SCH403
from dbt_scheduler.findings.finding import CannotRunError

SUPPORTED_VERSION = 12
"""The schema version of https://schemas.getdbt.com/dbt/manifest that dbt 1.8 to 1.12 write.

dbt 1.7 writes 11, and does not know all options of the commands that tasks run.
"""

_RUNS = frozenset({"model", "seed", "snapshot", "function"})


class DependsOn(msgspec.Struct, frozen=True, gc=False):
    """What a node reads, as unique ids."""

    nodes: tuple[str, ...] = ()


class NodeConfig(msgspec.Struct, frozen=True):
    """The part of a node's config that decides how and whether it runs.

    What matters for microbatch models only can be anything elsewhere: a materialization may have keys of its own.
    """

    materialized: str | None = None
    incremental_strategy: str | None = None
    full_refresh: object = None
    batch_size: object = None
    lookback: object = None
    meta: dict[str, object] = {}


class Column(msgspec.Struct, frozen=True, gc=False):
    """A documented column and its type, where the project states one."""

    data_type: str | None = None


class Node(msgspec.Struct, frozen=True):
    """A model, seed, snapshot, test or any other entry of ``nodes``, or a function."""

    unique_id: str
    name: str
    resource_type: str
    package_name: str
    path: str
    original_file_path: str
    fqn: tuple[str, ...]
    patch_path: str | None = None
    description: str = ""
    database: str | None = None
    schema: str | None = None
    alias: str | None = None
    version: str | int | float | None = None
    latest_version: str | int | float | None = None
    depends_on: DependsOn = DependsOn()
    config: NodeConfig = NodeConfig()
    columns: dict[str, Column] = {}

    @property
    def runs(self) -> bool:
        """Whether dbt builds something for this node: models, seeds, snapshots and functions."""
        return self.resource_type in _RUNS

    @property
    def ephemeral(self) -> bool:
        """Whether the node only exists inside its readers' SQL."""
        return self.config.materialized == "ephemeral"

    @property
    def is_table(self) -> bool:
        """Whether dbt makes a table or a view for it: something that a source could read as well."""
        return not self.ephemeral and self.resource_type != "function"

    @property
    def lasting(self) -> bool:
        """Whether it has data of its own: a view and a function look at what they read each time."""
        return self.config.materialized != "view" and self.resource_type != "function"

    @property
    def file(self) -> str:
        """The file where a user would look for the node's config: its properties file, else its own."""
        return self.patch_path.partition("://")[2] if self.patch_path else self.original_file_path


class Meta(msgspec.Struct, frozen=True):
    """Our key of a source table's ``meta``, as the user wrote it."""

    scheduler: object = None


class SourceConfig(msgspec.Struct, frozen=True):
    """The config of a source table."""

    meta: Meta = Meta()


class Source(msgspec.Struct, frozen=True):
    """One table of a source; dbt has merged the source's meta with the table's."""

    unique_id: str
    source_name: str
    name: str
    original_file_path: str
    package_name: str
    identifier: str
    database: str | None = None
    schema: str | None = None
    quoting: dict[str, bool | None] | None = None
    columns: dict[str, Column] = {}
    meta: Meta = Meta()
    config: SourceConfig = SourceConfig()


class Exposure(msgspec.Struct, frozen=True):
    """What is outside of dbt and reads nodes or source tables."""

    unique_id: str
    package_name: str
    original_file_path: str
    depends_on: DependsOn = DependsOn()


class Disabled(msgspec.Struct, frozen=True, gc=False):
    """A node that dbt was told to leave out."""

    name: str
    resource_type: str
    original_file_path: str


class Metadata(msgspec.Struct, frozen=True):
    """Who wrote the manifest."""

    dbt_schema_version: str = ""
    dbt_version: str = ""
    project_name: str | None = None


class _Nothing(msgspec.Struct, frozen=True, gc=False):
    pass


class Manifest(msgspec.Struct, frozen=True):
    """The parts of a manifest that we read; ``nodes`` has the functions too."""

    metadata: Metadata
    nodes: dict[str, Node]
    sources: dict[str, Source]
    functions: dict[str, Node] = {}
    exposures: dict[str, Exposure] = {}
    disabled: dict[str, list[Disabled]] | None = None
    macros: dict[str, _Nothing] = {}


class _Head(msgspec.Struct):
    metadata: Metadata


_DECODER = msgspec.json.Decoder(Manifest)
# Brackets nested without end are a RecursionError; integers of thousands of digits a ValueError, as are the others.
_UNDECODABLE = (ValueError, RecursionError)
_NULL_DEPTH = 3
"""A node, its ``config`` and that one's ``meta``: what is below is the user's."""

_FREE_SIZE, _MAX_GROWTH = 50_000_000, 100


def load_manifest(path: Path) -> Manifest:
    """Read and decode a manifest, gzipped when its name ends in ``.gz``.

    Raises:
        CannotRunError: the file is missing, unreadable, not a manifest, or of a version that is not
        supported.

    """
    return _decode(_read(path), str(path))


def _read(path: Path) -> bytes:
    try:
        _refuse_device(path)
        content = path.read_bytes()
        return _unpacked(content) if path.suffix == ".gz" else content
    except FileNotFoundError:
        raise CannotRunError.because(
            SCH401.at(str(path), hint="run `dbt compile` in the project, or name the file with --manifest")
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise CannotRunError.because(SCH402.at(str(path), problem=_reason(error))) from None


def _refuse_device(path: Path) -> None:
    """A link in the project may lead to one, which never ends."""
    if path.is_char_device():
        raise OSError(errno.EINVAL, "it is not a file")


def _unpacked(content: bytes) -> bytes:
    """Unpack up to a size that no manifest of this many packed bytes has: they pack to a tenth or so."""
    most = _FREE_SIZE + _MAX_GROWTH * len(content)
    with gzip.open(io.BytesIO(content)) as packed:
        unpacked = packed.read(most + 1)
    if len(unpacked) > most:
        raise EOFError(f"it unpacks to more than {most:,} bytes")
    return unpacked


def _decode(content: bytes, path: str) -> Manifest:
    try:
        manifest = _DECODER.decode(content)
    except _UNDECODABLE as error:
        try:
            manifest = _decode_leniently(content, path)
        except msgspec.ValidationError as wrong:  # What strict JSON refused first may be what dbt writes.
            raise CannotRunError.because(SCH402.at(path, problem=_reason(wrong))) from None
        except _UNDECODABLE:
            raise CannotRunError.because(SCH402.at(path, problem=_reason(error))) from None
    _check_version(manifest.metadata, path)
    # dbt keeps functions (1.11) beside the nodes, but names, reads, configures and builds them as nodes.
    manifest = msgspec.structs.replace(manifest, nodes=manifest.nodes | manifest.functions)
    for entries in (manifest.nodes, manifest.sources, manifest.exposures):
        for key, entry in entries.items():
            if entry.unique_id != key:
                problem = f'"{key}" has the unique_id "{entry.unique_id}"'
                raise CannotRunError.because(SCH402.at(path, problem=problem))
    return manifest


def _decode_leniently(content: bytes, path: str) -> Manifest:
    """A manifest with what strict JSON or our types refuse, and dbt writes all the same.

    dbt writes infinity and NaN as bare words, wherever a ``meta`` has them; dbt Fusion writes an empty
    ``config`` or ``meta`` as null. One of another version is wrong in odd ways: its version is the better message.
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
    if version is None or int(version[1]) != SUPPORTED_VERSION:
        shown = f"v{version[1]}" if version else url or "(none)"
        raise CannotRunError.because(
            SCH403.at(path, version=shown, dbt_version=metadata.dbt_version or "(unknown)")
        )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    return str(error) or type(error).__name__

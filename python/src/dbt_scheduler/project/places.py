"""Where a node's or source table's config stands in the user's files; read only when a finding needs it."""

import re
from functools import cache
from pathlib import Path

from dbt_scheduler.document import Document, load_yaml, locate_in_yml
from dbt_scheduler.manifest import Node
from dbt_scheduler.project.types import Table, Work

Place = tuple[str, int]
"""A file as the user names it, and the line in it; 0 when the line is not known."""


def node_place(folder: Path, node: Node, *below: str | int) -> Place:
    """The place of a key under the node's ``meta``, or of the nearest thing to it that the files have."""
    path = _root(folder, node.package_name) / node.file
    document = _document(path) if node.patch_path else None
    line = 0
    if document is not None:
        line = locate_in_yml(document, f"{node.resource_type}s", (node.name,), ("config", "meta", *below))
    return str(path), line


def work_place(folder: Path, work: Work, *below: str | int) -> Place:
    """The place of a node's key, or of a declared task in ``scheduler.yaml``."""
    if work.node is not None:
        return node_place(folder, work.node, *below)
    return str(folder / "scheduler.yaml"), work.task.line if work.task else 0


def table_place(folder: Path, table: Table) -> Place:
    """The place of a source table's declaration; of another project's model, the first ``ref`` to it."""
    if table.external is not None and table.reader is not None:
        return _ref_place(folder, table.external, table.reader)
    path = _root(folder, table.id.split(".")[1]) / table.file
    document = _document(path)
    line = locate_in_yml(document, "sources", (table.source_name, table.name)) if document else 0
    return str(path), line


def _ref_place(folder: Path, model: Node, reader: Work) -> Place:
    if reader.node is None:
        return work_place(folder, reader)
    path = _root(folder, reader.node.package_name) / reader.node.original_file_path
    ref = re.compile(rf"""\bref\(.*["']{re.escape(model.name)}["']""")
    lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else ()
    return str(path), next((number for number, line in enumerate(lines, 1) if ref.search(line)), 0)


def _root(folder: Path, package: str) -> Path:
    """Where the files of an installed package lie, or those of the project itself."""
    installed = folder / "dbt_packages" / package
    return installed if installed.is_dir() else folder


@cache
def _document(path: Path) -> Document | None:
    # A properties file that dbt could read but we cannot costs a finding its line, nothing more.
    return load_yaml(path)[0] if path.is_file() else None

"""Locations of nodes and source tables in the user's files; read only when a finding needs one."""

import re
from functools import cache
from pathlib import Path

from dbt_scheduler.config.yaml import Document, load_yaml
from dbt_scheduler.files import read_lines
from dbt_scheduler.project.manifest import Node
from dbt_scheduler.project.properties import locate_in_yml
from dbt_scheduler.project.types import ProjectTask, Table

Location = tuple[str, int]
"""The path of a file, and the line; 0 if the line is unknown."""


def node_location(folder: Path, node: Node, *below: str | int) -> Location:
    """The location of a key under the node's ``meta``, or of its nearest parent in the file."""
    path = _root(folder, node.package_name) / node.file
    document = _document(path) if node.patch_path else None
    line = 0
    if document is not None:
        line = locate_in_yml(document, f"{node.resource_type}s", (node.name,), ("config", "meta", *below))
    return str(path), line


def project_file_location(folder: Path, word: str) -> Location | None:
    """The first line of ``dbt_project.yml`` with the word, outside comments; None if it has none."""
    path = folder / "dbt_project.yml"
    whole = re.compile(rf"^[^#]*(?<!\w){re.escape(word)}(?!\w)")
    return next(
        ((str(path), number) for number, line in enumerate(read_lines(path), 1) if whole.search(line)), None
    )


def task_location(folder: Path, task: ProjectTask, *below: str | int) -> Location:
    """The location of a node's key, or of a declared task in ``scheduler.yaml``."""
    if task.node is not None:
        return node_location(folder, task.node, *below)
    return str(folder / "scheduler.yaml"), task.declaration.line if task.declaration else 0


def table_location(folder: Path, table: Table) -> Location:
    """The location of a source table's declaration, or for another project's model of the first ``ref`` to it."""
    if table.external is not None and table.reader is not None:
        return _ref_location(folder, table.external, table.reader)
    path = _root(folder, table.id.split(".")[1]) / table.file
    document = _document(path)
    line = locate_in_yml(document, "sources", (table.source_name, table.name)) if document else 0
    return str(path), line


def _ref_location(folder: Path, model: Node, reader: ProjectTask) -> Location:
    if reader.node is None:
        return task_location(folder, reader)
    path = _root(folder, reader.node.package_name) / reader.node.original_file_path
    ref = re.compile(rf"""\bref\(.*["']{re.escape(model.name)}["']""")
    return str(path), next((number for number, line in enumerate(read_lines(path), 1) if ref.search(line)), 0)


def _root(folder: Path, package: str) -> Path:
    """The folder of an installed package, or of the project itself."""
    installed = folder / "dbt_packages" / package
    return installed if installed.is_dir() else folder


@cache
def _document(path: Path) -> Document | None:
    # If only dbt can read a properties file, the finding has no line.
    return load_yaml(path)[0]

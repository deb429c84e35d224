"""Finds the columns of other teams' assets that dbt tasks read, from compiled SQL."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from dbt_scheduler.graph.lineage import TeamGraph
from dbt_scheduler.project.manifest import Node
from dbt_scheduler.project.types import ProjectTask, Table, node_relation
from dbt_scheduler.registry.directory import Directory
from dbt_scheduler.registry.entry import (
    EVERY_COLUMN,
    LONGEST_COLUMN,
    MOST_COLUMNS,
    AssetKey,
    ColumnsRead,
)

if TYPE_CHECKING:
    from dbt_scheduler.sql.sources import KnownTable

_IS_INCREMENTAL = "macro.dbt.is_incremental"
_READS = re.compile(r"\b(source|ref)\s*\(")


class ColumnReads:
    """Finds columns for each task and asset of another team; ``directory`` has the entries of all teams."""

    def __init__(self, graph: TeamGraph, directory: Directory) -> None:
        self._project = graph.project
        self._foreign = graph.foreign
        self._directory = directory
        self._of_node = cache(self._read)

    def of(self, task: ProjectTask, key: AssetKey) -> ColumnsRead | None:
        """The columns that a task reads of an asset, also through unscheduled models; None if unknown or too many."""
        found: set[str] = set()
        readers = self._readers(task, key)
        known = bool(readers)
        for reader, tables in readers.items():
            for table in tables:
                columns = self._of_node(reader).get(table)
                if columns == EVERY_COLUMN:
                    return EVERY_COLUMN
                known = known and columns is not None
                found.update(columns or ())
        fits = len(found) <= MOST_COLUMNS and all(len(name) <= LONGEST_COLUMN for name in found)
        return tuple(sorted(found)) if known and fits else None

    def _readers(self, task: ProjectTask, key: AssetKey) -> dict[str, list[str]]:
        """The tasks whose own SQL reads the asset, this one or unscheduled ones upstream, with the tables' ids."""
        found: dict[str, list[str]] = defaultdict(list)
        stack, seen = [task], {task.id}
        while stack:
            reader = stack.pop()
            for parent in self._parents(reader):
                if self._foreign.get(parent) == key:
                    found[reader.id].append(parent)
                    continue
                maker = self._project.tasks.get(self._project.maker(parent))
                if maker and not maker.pipelines and maker.id not in seen and parent not in self._foreign:
                    seen.add(maker.id)
                    stack.append(maker)
        return found

    def _parents(self, reader: ProjectTask) -> Iterator[str]:
        """The ids of what a task's SQL names: dbt has included the SQL of ephemeral models."""
        stack, seen = [*reader.parents], set[str]()
        while stack:
            parent = stack.pop()
            if parent in seen:
                continue
            seen.add(parent)
            above = self._project.tasks.get(parent)
            if above and above.node and above.node.ephemeral:
                stack += above.parents
            else:
                yield parent

    def _read(self, reader: str) -> Mapping[str, ColumnsRead]:
        """The columns that the SQL of one node reads, by table id; without tables for which they are unknown."""
        task = self._project.tasks[reader]
        node, adapter = task.node, self._project.manifest.metadata.adapter_type
        if node is None or not node.compiled_code or not adapter or not self._is_all(node):
            return {}
        from dbt_scheduler.sql.column_reads import read_columns  # noqa: PLC0415 - imports sqlglot, 0.2 s

        tables = dict(self._tables(self._parents(task)))
        read = read_columns(node.compiled_code, adapter, tables)
        if node.config.materialized == "incremental" and node.config.incremental_strategy == "microbatch":
            return {
                id_: _with_event_time(columns, self._project.tables.get(id_)) for id_, columns in read.items()
            }
        return read

    def _is_all(self, node: Node) -> bool:
        """Whether the compiled SQL is all that runs: no other SQL in incremental runs, and no hook that reads."""
        if node.language not in (None, "sql"):
            return False
        if node.config.materialized == "incremental" and self._calls(node.depends_on.macros, _IS_INCREMENTAL):
            return False
        hooks = (node.config.pre_hook, node.config.post_hook)
        return not any(_READS.search(str(hook)) for hook in hooks if hook)

    def _calls(self, macros: Iterable[str], name: str) -> bool:
        stack, seen = [*macros], set[str]()
        while stack:
            macro = stack.pop()
            if macro == name:
                return True
            if macro not in seen and macro in self._project.manifest.macros:
                seen.add(macro)
                stack += self._project.manifest.macros[macro].depends_on.macros
        return False

    def _tables(self, parents: Iterable[str]) -> "Iterator[tuple[str, KnownTable]]":
        """The known tables among these parents, by id: other teams' from their entries, own ones from the project."""
        from dbt_scheduler.sql.sources import KnownTable  # noqa: PLC0415 - imports sqlglot

        for parent in parents:
            table, task = self._project.tables.get(parent), self._project.tasks.get(parent)
            if table and parent in self._foreign:
                made = self._directory.produced(self._foreign[parent])
                yield parent, KnownTable(table.relation, _by_name(made.columns), complete=True)
            elif table:
                yield parent, KnownTable(table.relation, _by_name(table.columns), complete=False)
            elif task and task.node and task.node.is_table:
                known = _by_name(task.node.columns)
                yield parent, KnownTable(node_relation(task.node), known, complete=False)


def _by_name(columns: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in columns:
        found[name.lower()] = (*found.get(name.lower(), ()), name)
    return found


def _with_event_time(columns: ColumnsRead, table: Table | None) -> ColumnsRead:
    """The columns, with the ``event_time`` column by which dbt filters the input of a batch."""
    name = table.event_time if table else None
    return columns if columns == EVERY_COLUMN or not isinstance(name, str) else tuple({*columns, name})

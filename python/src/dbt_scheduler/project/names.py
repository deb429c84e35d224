"""Resolves names in ``scheduler.yaml`` within a project."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from dbt_scheduler.project.types import ProjectTask, Table


class NameIndex(msgspec.Struct, frozen=True):
    """Lookups of tasks, source tables and other projects' models by the names in ``scheduler.yaml``."""

    ids: Mapping[str, ProjectTask]
    tasks: Mapping[str, tuple[ProjectTask, ...]]
    tables: Mapping[str, tuple[Table, ...]]
    externals: Mapping[str, tuple[Table, ...]]

    def find_tables(self, name: str) -> tuple[Table, ...]:
        """The source tables named ``table`` or ``source.table``."""
        return self.tables.get(name, ())

    def find_tasks(self, name: str) -> tuple[ProjectTask, ...]:
        """The dbt tasks of that name or unique id; the bare name of a versioned model means its latest."""
        return self.tasks.get(name) or tuple(task for task in (self.ids.get(name),) if task)

    def find_externals(self, name: str) -> tuple[Table, ...]:
        """Other projects' models named ``model`` or ``package.model``, if nothing in this project has the name."""
        return () if name in self.tasks or name in self.tables else self.externals.get(name, ())

    def known(self) -> set[str]:
        """Every name, for a "did you mean"."""
        return {*self.tasks, *self.tables, *self.externals}


def index_names(
    tasks: Mapping[str, ProjectTask], tables: Iterable[Table], latest: Mapping[str, str]
) -> NameIndex:
    """Index tasks and tables by name; packages may have models, and sources tables, with the same name."""
    by_task: dict[str, list[ProjectTask]] = defaultdict(list)
    for task in tasks.values():
        by_task[task.name].append(task)
    for bare, asset in latest.items():
        by_task[bare] += by_task[asset]
    tables = tuple(tables)
    return NameIndex(
        tasks,
        {name: tuple(found) for name, found in by_task.items()},
        _by_name(table for table in tables if not table.external),
        _by_name(table for table in tables if table.external),
    )


def _by_name(tables: Iterable[Table]) -> dict[str, tuple[Table, ...]]:
    found: dict[str, list[Table]] = defaultdict(list)
    for table in tables:
        for name in table.names:
            found[name].append(table)
    return {name: _preferred(name, each) for name, each in found.items()}


def _preferred(name: str, tables: list[Table]) -> tuple[Table, ...]:
    """The table with this full name, or else all: a full name is the only unambiguous name of a table."""
    exactly = tuple(table for table in tables if table.full_name == name)
    return exactly or tuple(tables)

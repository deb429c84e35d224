"""Copies of a dbt target's database, and their contents: relations, rows, comments, grants."""

import re
import shutil
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

Content = dict[str, list[str]]
"""Lines that describe each relation or function and its contents, by its name."""

Execute = Callable[[str], tuple[list[str], list[Any]]]
"""Executes a query: the names of the columns, and the rows."""

Run = tuple[datetime, datetime]
"""The start and the end of a run."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|\+00|Z)?")
_ID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_DIGEST_OF_MOMENT = "dbt_scd_id"

_DUCKDB = {
    "relations": """select table_schema || '.' || table_name, table_type from information_schema.tables
        where table_catalog = current_database()""",
    "columns": """select table_schema || '.' || table_name, ordinal_position, column_name, data_type, is_nullable
        from information_schema.columns where table_catalog = current_database()""",
    "comments": """select schema_name || '.' || name, part, comment from (
        select schema_name, table_name as name, '' as part, comment, database_name from duckdb_tables()
        union all select schema_name, view_name, '', comment, database_name from duckdb_views()
        union all select schema_name, table_name, column_name, comment, database_name from duckdb_columns())
        where comment is not null and database_name = current_database()""",
    "constraints": """select schema_name || '.' || table_name, constraint_text from duckdb_constraints()
        where database_name = current_database()""",
    "indexes": """select schema_name || '.' || table_name, is_unique, sql from duckdb_indexes()
        where database_name = current_database()""",
    "functions": """select schema_name || '.' || function_name, parameters, macro_definition from duckdb_functions()
        where not internal""",
}
_OURS = "n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_%'"
_POSTGRES = {
    "relations": f"""select n.nspname || '.' || c.relname, c.relkind, c.relpersistence from pg_class c
        join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'f') and {_OURS}""",
    "columns": f"""select n.nspname || '.' || c.relname, a.attnum, a.attname,
        format_type(a.atttypid, a.atttypmod), a.attnotnull
        from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
        where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f') and {_OURS}""",
    "comments": f"""select n.nspname || '.' || c.relname, d.objsubid, d.description from pg_description d
        join pg_class c on c.oid = d.objoid join pg_namespace n on n.oid = c.relnamespace where {_OURS}""",
    "constraints": f"""select n.nspname || '.' || c.relname, pg_get_constraintdef(k.oid) from pg_constraint k
        join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace where {_OURS}""",
    "grants": f"""select n.nspname || '.' || c.relname, g.grantee::regrole::text, g.privilege_type
        from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) g where {_OURS}""",
    # dbt generates the names of indexes from the time of their creation.
    "indexes": """select schemaname || '.' || tablename, replace(indexdef, quote_ident(indexname), '') from pg_indexes
        where schemaname not like 'pg_%'""",
    "functions": f"""select n.nspname || '.' || p.proname, pg_get_functiondef(p.oid) from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace where p.prokind in ('f', 'p') and {_OURS}""",
}


class Database(ABC):
    """A copy of a target's database; ``settings`` are the profile settings that differ from the target's."""

    settings: Mapping[str, Any]
    _queries: Mapping[str, str]
    _since: datetime

    @abstractmethod
    def connected(self) -> AbstractContextManager[Execute]:
        """One connection."""

    @abstractmethod
    def drop(self) -> None:
        """Remove it."""

    def with_original_name(self, text: str) -> str:
        """The text with the name of the target's database instead of the copy's."""
        return text

    def execute(self, query: str) -> tuple[list[str], list[Any]]:
        """Execute a query; returns the names of the columns, and the rows."""
        with self.connected() as execute:
            return execute(query)

    def content(self) -> Content:
        """The contents of the database, without values that depend on the time of the run."""
        found: Content = defaultdict(list)
        run = self._since, datetime.now(UTC)
        with self.connected() as execute:
            for what, query in self._queries.items():
                lines = [(name, f"{what}: {rest}") for name, *rest in execute(query)[1]]
                for name, line in sorted(lines):
                    found[name].append(self.with_original_name(line))
            for [name, *_] in execute(self._queries["relations"])[1]:
                schema, _, table = name.partition(".")
                rows = _rows(execute, f'select * from "{schema}"."{table}"', run)
                found[name] += sorted(map(self.with_original_name, rows))
        return dict(found)


class DuckDb(Database):
    """A DuckDB file in its own folder, with the target's file name, so that dbt uses the same database name."""

    _queries = _DUCKDB

    def __init__(self, target: Mapping[str, Any], project: Path, folder: Path) -> None:
        given = str(target.get("path", ":memory:"))
        source = project / given
        self._path = folder / ("memory.duckdb" if given == ":memory:" else source.name)
        if source.is_file():
            shutil.copy(source, self._path)
        self.settings = {"path": str(self._path)}
        self._since = _this_second()

    @contextmanager
    def connected(self) -> Iterator[Execute]:
        """One connection."""
        import duckdb  # noqa: PLC0415 - of another adapter it may not be installed

        with duckdb.connect(str(self._path)) as connection:

            def execute(query: str) -> tuple[list[str], list[Any]]:
                done = connection.execute(query)
                return [each[0] for each in done.description or ()], done.fetchall()

            yield execute

    def drop(self) -> None:
        """Remove it."""
        self._path.unlink(missing_ok=True)


class Postgres(Database):
    """A database on the target's server, with the target's as its template, which must have no connections."""

    _queries = _POSTGRES

    def __init__(self, target: Mapping[str, Any], name: str) -> None:
        self.settings = {"dbname": name}
        self._name = name
        self._target = {key: target[key] for key in ("host", "port", "user", "password") if key in target}
        self._original = str(target["database"])
        self.drop()
        with self._connected("template1") as execute:
            execute(f'create database "{name}" template "{self._original}"')
        self._since = _this_second()

    def with_original_name(self, text: str) -> str:
        """The text with the name of the target's database instead of the copy's."""
        return text.replace(self._name, self._original)

    def connected(self) -> AbstractContextManager[Execute]:
        """One connection."""
        return self._connected(self._name)

    def drop(self) -> None:
        """Remove it."""
        with self._connected("template1") as execute:
            execute(f'drop database if exists "{self._name}" with (force)')

    @contextmanager
    def _connected(self, database: str) -> Iterator[Execute]:
        import psycopg2  # noqa: PLC0415 - of another adapter it may not be installed

        with closing(psycopg2.connect(dbname=database, **self._target)) as connection:
            connection.autocommit = True

            def execute(query: str) -> tuple[list[str], list[Any]]:
                with connection.cursor() as cursor:
                    cursor.execute(query)
                    found = cursor.description
                    return [each[0] for each in found or ()], cursor.fetchall() if found else []

            yield execute


def _this_second() -> datetime:
    """The current time without microseconds, as in texts without fractions of a second."""
    return datetime.now(UTC).replace(microsecond=0)


def _rows(execute: Execute, query: str, run: Run) -> list[str]:
    try:
        names, rows = execute(query)
    except Exception as error:  # noqa: BLE001 - a view of a dropped table; each driver has its own errors
        return [f"cannot be read: {type(error).__name__}"]
    kept = [number for number, name in enumerate(names) if name != _DIGEST_OF_MOMENT]
    return [f"row: {[_stable(row[number], run) for number in kept]}" for row in rows]


def _stable(value: object, run: Run) -> object:
    """The value, with a placeholder for values that differ between runs: times of the run, and ids."""
    if isinstance(value, datetime):
        return "(now)" if _is_now(value, run) else str(value)
    if isinstance(value, UUID):
        return "(id)"
    if isinstance(value, str):
        return _ID.sub("(id)", _MOMENT.sub(lambda found: _moment(found[0], run), value))
    return value


def _moment(text: str, run: Run) -> str:
    try:
        return "(now)" if _is_now(datetime.fromisoformat(text), run) else text
    except ValueError:
        return text


def _is_now(moment: datetime, run: Run) -> bool:
    """Whether the time is during the run; without a timezone, in local time or in UTC."""
    return any(
        run[0] <= each <= run[1]
        for each in (moment.astimezone(UTC), moment.replace(tzinfo=moment.tzinfo or UTC))
    )

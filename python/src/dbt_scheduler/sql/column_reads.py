"""Finds which columns of known tables a query reads, from its SQL and from the documented columns.

Every column name in the query counts, even if the result does not use it: without the column the query fails. A star
counts as the columns that are read through it. Nothing is guessed: if a column may belong to several tables, what is
read from these tables is unknown.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, ScopeType, walk_in_scope

from dbt_scheduler.registry.entry import EVERY_COLUMN, ColumnsRead
from dbt_scheduler.sql.limits import TooComplexError
from dbt_scheduler.sql.parsing import parse_scopes
from dbt_scheduler.sql.sources import Has, KnownTable, Source, Sources, outer

_HAVE_ROWS = {"bigquery", "duckdb", "greenplum", "materialize", "postgres", "risingwave"}
"""Adapters of warehouses in which a table's name can stand for its row, as in ``to_json_string(orders)``."""


def read_columns(sql: str, adapter: str, tables: Mapping[str, KnownTable]) -> dict[str, ColumnsRead]:
    """The columns that a query reads, by the keys of the known tables; tables with an unknown result are left out.

    ``adapter`` is dbt's adapter type, such as ``bigquery``.
    """
    scopes = parse_scopes(sql, adapter)
    reader = _Reader(tables, has_rows=adapter in _HAVE_ROWS)
    try:
        reader.read(scopes)
    except (RecursionError, TooComplexError):
        return {}
    return dict(reader.result())


class _Name(msgspec.Struct, frozen=True):
    """A column's name where it is read; not ``certain`` if the column may belong to another source."""

    text: str
    quoted: bool
    certain: bool = True


class _Table(msgspec.Struct):
    names: set[str] = msgspec.field(default_factory=set)
    found: bool = False
    every: bool = False
    unknown: bool = False


class _Reader:
    """Reads the scopes of a query, outer ones first: what they need from an inner scope is then known."""

    def __init__(self, tables: Mapping[str, KnownTable], *, has_rows: bool) -> None:
        self._known = tables
        self._has_rows = has_rows
        self._sources = Sources(tables)
        self._tables: dict[str, _Table] = defaultdict(_Table)
        self._needed: dict[int, dict[str, _Name]] = defaultdict(dict)
        self._whole: set[int] = set()

    def read(self, scopes: list[Scope]) -> None:
        for scope in reversed(scopes):
            self._read_scope(scope)
        seen = {id(source.node) for scope in scopes for source in self._sources.of(scope)}
        for scope in scopes[-1:]:
            for node in scope.expression.find_all(exp.Table):
                key = self._sources.table(node)
                if key is not None and id(node) not in seen:
                    self._tables[key].unknown = True

    def result(self) -> Iterator[tuple[str, ColumnsRead]]:
        for key, table in self._tables.items():
            if table.every:
                yield key, EVERY_COLUMN
            elif table.found and not table.unknown:
                yield key, tuple(sorted(table.names))

    def _read_scope(self, scope: Scope) -> None:
        query, sources = scope.expression, self._sources.of(scope)
        for source in sources:
            if source.table is not None:
                self._tables[source.table].found = True  # even if only its rows are counted
        if isinstance(query, exp.SetOperation):
            self._whole |= {id(branch) for branch in scope.set_operation_scopes}
            return
        if isinstance(query, exp.UDTF):  # its columns belong to the enclosing scope
            return
        if not isinstance(query, exp.Select):
            self._read_all(sources)
        else:
            self._read_stars(scope, query)
        self._read_all(source for source in sources if source.reshaped)
        for node in walk_in_scope(query):
            if isinstance(node, exp.Column):
                self._read_column(scope, node)
            elif isinstance(node, exp.Star):
                self._read_star(scope, node)
            elif isinstance(node, exp.Join):
                self._read_join(node, sources)
            elif isinstance(node, exp.Columns | exp.MatchRecognize) or _is_positional(node):
                self._read_all(sources)

    def _read_stars(self, scope: Scope, query: exp.Select) -> None:
        whole = self._is_whole(scope) or bool(query.args.get("distinct"))
        selected = self._sources.selected(query)
        for star in selected.stars:
            covered = self._sources.starred(scope, star)
            for each in (*star.excluded.values(), *star.renamed.values()):
                self._attribute(_name(each), covered)
            if whole:
                self._read_all(covered)
                continue
            for name in self._needed[id(scope)].values():
                replaced = name.text in star.excluded or name.text in star.renamed
                if not replaced and (name.text not in selected.names or self._surely(covered, name.text)):
                    self._attribute(name, covered)

    def _is_whole(self, scope: Scope) -> bool:
        """Whether all of its columns are needed: by the table that dbt builds, or by SQL that is not analysed."""
        if scope.scope_type in (ScopeType.CTE, ScopeType.DERIVED_TABLE) or id(scope) in self._whole:
            # With column names given outside, as in WITH orders(id, day), a star's columns are matched by position.
            return id(scope) in self._whole or bool(scope.outer_columns and self._needed[id(scope)])
        return not isinstance(scope.expression.parent, exp.Exists)

    def _read_star(self, scope: Scope, star: exp.Star) -> None:
        """Read all columns for a star that is not itself selected; ``count(*)`` reads none."""
        if not isinstance(star.parent, exp.Select | exp.Column | exp.Dot | exp.Count):
            self._read_all(self._sources.of(scope))

    def _read_join(self, join: exp.Join, sources: tuple[Source, ...]) -> None:
        if join.args.get("method") == "NATURAL":
            self._read_all(sources)
        place = next((i for i, each in enumerate(sources) if each.node.find_ancestor(exp.Join) is join), None)
        for each in join.args.get("using") or ():
            self._attribute(_name(each), sources[place : place + 1] if place is not None else sources)
            self._attribute(_name(each), sources[:place] if place is not None else ())

    def _read_column(self, scope: Scope, column: exp.Column) -> None:
        sources, parts = self._sources.of(scope), column.parts
        if _of_star(column):
            return
        if not isinstance(column.this, exp.Star):
            self._read_parts(scope, parts, column)
        elif not (named := [each for each in sources if _is_named(each, parts[:-1])]):
            self._read_parts(scope, parts[:-1], column)  # of a struct
        elif not isinstance(column.parent, exp.Select):
            self._read_all(named)

    def _read_parts(self, scope: Scope, parts: list[exp.Expr], column: exp.Column) -> None:
        """Read ``table.column``, ``schema.table.column`` or ``column``, with or without fields of a struct."""
        frame: Scope | None = scope
        while frame is not None and len(parts) > 1:
            for place in range(len(parts) - 1):
                named = [each for each in self._sources.of(frame) if _is_named(each, parts[: place + 1])]
                if named:
                    self._attribute(_name(parts[place + 1]), named)
                    return
            frame = frame.parent
        self._read_unqualified(scope, _name(parts[0]), column)

    def _read_unqualified(self, scope: Scope, name: _Name, column: exp.Column) -> None:
        frame: Scope | None = scope
        maybe: list[Source] = []
        unlikely: list[Source] = []
        while frame is not None:
            sources = self._sources.of(frame)
            if name.text in self._sources.merged(frame) or self._read_row(sources, name):
                return
            has = [(self._sources.has(each, name.text), each) for each in sources]
            sure = [each for found, each in has if found is Has.YES]
            if frame is scope and self._is_alias(scope, name, column, surely=bool(sure)):
                return
            if sure and not maybe:
                self._attribute(name, sure)
                return
            maybe += [each for found, each in has if found is Has.MAYBE or found is Has.YES]
            unlikely += [each for found, each in has if found is Has.UNLIKELY]
            frame = outer(frame)
        self._read_one_of(name, maybe or unlikely)

    def _is_alias(self, scope: Scope, name: _Name, column: exp.Column, *, surely: bool) -> bool:
        query = scope.expression
        if not isinstance(query, exp.Select):
            return False
        return self._sources.selected(query).is_alias(name.text, column, surely=surely)

    def _read_row(self, sources: Iterable[Source], name: _Name) -> bool:
        """Read a whole row, or the result of a table function, by its name; False if no source has this name."""
        rows = [each for each in sources if each.name == name.text and (each.is_function or self._has_rows)]
        if not rows or (not rows[0].is_function and self._surely(sources, name.text)):
            return False
        self._read_all(rows)
        return True

    def _surely(self, sources: Iterable[Source], name: str) -> bool:
        return any(self._sources.has(each, name) is Has.YES for each in sources)

    def _attribute(self, name: _Name, sources: Iterable[Source]) -> None:
        """Attribute a column to the sources that have it, or else to the ones that most likely have it."""
        has = [(self._sources.has(each, name.text), each) for each in sources]
        sure = [each for found, each in has if found is Has.YES]
        for source in sure:
            self._read_name(source, name)
        if not sure:
            best = max((found for found, _ in has), default=Has.NO)
            self._read_one_of(name, [each for found, each in has if found is best and found is not Has.NO])

    def _read_one_of(self, name: _Name, sources: list[Source]) -> None:
        certain = name.certain and len(sources) == 1
        for source in sources:
            self._read_name(source, msgspec.structs.replace(name, certain=certain))

    def _read_name(self, source: Source, name: _Name) -> None:
        if source.scope is not None:
            before = self._needed[id(source.scope)].get(name.text)
            if before is None or not before.certain:
                self._needed[id(source.scope)][name.text] = name
        elif source.table is not None and not name.certain:
            self._tables[source.table].unknown = True
        elif source.table is not None:
            self._tables[source.table].names |= self._spelled(source.table, name)

    def _spelled(self, key: str, name: _Name) -> set[str]:
        """The column as the producer spells it; if columns differ only in case, the quoted one, or else all."""
        spellings = self._known[key].columns.get(name.text.lower(), ())
        if name.quoted and name.text in spellings:
            return {name.text}
        return set(spellings) or {name.text if name.quoted else name.text.lower()}

    def _read_all(self, sources: Iterable[Source]) -> None:
        for source in sources:
            if source.table is not None:
                self._tables[source.table].every = True
            elif source.scope is not None:
                self._whole.add(id(source.scope))


def _name(node: exp.Expr) -> _Name:
    identifier = node.this if isinstance(node, exp.Column) else node
    return _Name(node.name, quoted=bool(identifier.args.get("quoted")))


def _is_named(source: Source, parts: list[exp.Expr]) -> bool:
    """``orders``, or ``schema.orders`` of a table without an alias."""
    *places, name = (each.name for each in parts)
    if source.name != name or not places:
        return source.name == name and not places
    node = source.node
    return isinstance(node, exp.Table) and [node.catalog, node.db][-len(places) :] == places


def _is_positional(node: exp.Expr) -> bool:
    """Whether it is a column by its position, such as ``$1``."""
    return isinstance(node, exp.Parameter) and isinstance(node.this, exp.Literal)


def _of_star(column: exp.Column) -> bool:
    """Whether it is a name in ``* EXCEPT (...)`` or ``* RENAME (...)``, which is read with the star."""
    star = column.parent if column.arg_key == "except_" else column.parent and column.parent.parent
    return isinstance(star, exp.Star) and (
        column.arg_key == "except_" or column.parent in star.args.get("rename", ())
    )

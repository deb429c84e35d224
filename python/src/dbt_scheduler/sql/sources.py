"""The tables and subqueries that a scope of a query selects from, and which columns each may have."""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum

import msgspec
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, ScopeType, find_all_in_scope

from dbt_scheduler.registry.relation import Relation
from dbt_scheduler.sql.limits import MOST_LOOKUPS, Steps
from dbt_scheduler.sql.selected import Selected, Star

_SELECTED_FROM = (exp.From, exp.Join, exp.Subquery, exp.Final)


class KnownTable(msgspec.Struct, frozen=True):
    """A table and its documented columns, by name in lower case; ``complete`` if it is assumed to have no others."""

    relation: Relation
    columns: Mapping[str, Sequence[str]]
    complete: bool


class Has(IntEnum):
    """Whether a source has a column. UNLIKELY: its documentation is assumed to be complete, and lacks the column."""

    NO = 0
    UNLIKELY = 1
    MAYBE = 2
    YES = 3


class Source(msgspec.Struct, frozen=True):
    """A table (``known`` or not), a subquery or CTE (``scope``), or a table function that a scope selects from.

    ``table`` is the key of the known table. ``reshaped``: pivots or column aliases change its columns. ``semi``: it
    is only in a semi or anti join, so that stars do not cover it.
    """

    name: str
    node: exp.Expr
    table: str | None = None
    known: KnownTable | None = None
    scope: Scope | None = None
    columns: tuple[str, ...] = ()
    reshaped: bool = False
    semi: bool = False

    @property
    def is_function(self) -> bool:
        """Whether it is a table function, such as UNNEST."""
        return isinstance(self.node, exp.UDTF)


class Sources:
    """Looks up the sources of each scope of one query; ``tables`` are the known tables, by their keys."""

    def __init__(self, tables: Mapping[str, KnownTable]) -> None:
        self._tables = tables
        self._found: dict[int, tuple[Source, ...]] = {}
        self._lookups = Steps(MOST_LOOKUPS)
        self._selects: dict[int, Selected] = {}
        self._merged: dict[int, set[str]] = {}
        self._has: dict[tuple[int, str], Has] = {}

    def of(self, scope: Scope) -> tuple[Source, ...]:
        """The sources that a scope selects from, in the order of its FROM clause."""
        if id(scope) not in self._found:
            self._found[id(scope)] = tuple(self._sources(scope))
        return self._found[id(scope)]

    def table(self, node: exp.Table) -> str | None:
        """The key of the known table that a node of the query refers to; None if it has no schema or is unknown."""
        if not node.db:
            return None
        relation = Relation(node.catalog or None, node.db, node.name)
        return next((key for key, known in self._tables.items() if known.relation.same(relation)), None)

    def has(self, source: Source, name: str) -> Has:
        """Whether a source has a column. Raises TooComplexError after too many lookups."""
        self._lookups.take()
        if source.reshaped:
            return Has.MAYBE
        if source.columns:
            return Has.YES if name in source.columns else Has.NO
        if source.scope is not None:
            return self._scope_has(source.scope, name)
        if source.known is None or not source.known.columns:
            return Has.MAYBE
        if name.lower() in source.known.columns:
            return Has.YES
        return Has.UNLIKELY if source.known.complete else Has.MAYBE

    def merged(self, scope: Scope) -> set[str]:
        """The columns that the joins of a scope merge with USING; they are read with the joins."""
        if id(scope) not in self._merged:
            joins = find_all_in_scope(scope.expression, exp.Join)
            self._merged[id(scope)] = {each.name for join in joins for each in join.args.get("using") or ()}
        return self._merged[id(scope)]

    def selected(self, query: exp.Select) -> Selected:
        """The columns that a query selects."""
        if id(query) not in self._selects:
            self._selects[id(query)] = Selected(query, self._lookups)
        return self._selects[id(query)]

    def starred(self, scope: Scope, star: Star) -> tuple[Source, ...]:
        """The sources that a star among the selected columns covers; none for the star of a struct."""
        node, sources = star.node, [each for each in self.of(scope) if not each.semi]
        if isinstance(node, exp.Column):
            if len(node.parts) > 2:  # noqa: PLR2004 - table.struct.*
                return ()
            return tuple(each for each in sources if each.name == node.table)
        return tuple(sources)

    def _sources(self, scope: Scope) -> Iterator[Source]:
        inner = {id(each.expression): each for each in (*scope.derived_table_scopes, *scope.udtf_scopes)}
        semi = scope.semi_or_anti_join_tables
        for name, node in scope.references:
            if isinstance(node, exp.Table) and not isinstance(node.parent, _SELECTED_FROM):
                continue  # an argument of a function
            columns = tuple(node.alias_column_names) if isinstance(node, exp.UDTF) else ()
            reshaped, is_semi = bool(node.args.get("pivots")), name in semi
            if isinstance(node, exp.Table):
                cte = None if node.db else scope.cte_sources.get(node.name)
                key = self.table(node) if cte is None else None
                yield Source(
                    name=name,
                    node=node,
                    table=key,
                    known=self._tables[key] if key is not None else None,
                    scope=cte if isinstance(cte, Scope) else None,
                    reshaped=reshaped or bool(node.alias_column_names),
                    semi=is_semi,
                )
            else:
                inside = None if isinstance(node, exp.UDTF) else inner.get(id(node.unnest()))
                yield Source(name, node, scope=inside, columns=columns, reshaped=reshaped, semi=is_semi)

    def _scope_has(self, scope: Scope, name: str) -> Has:
        key = (id(scope), name)
        if key not in self._has:
            self._has[key] = Has.MAYBE  # for a recursive query
            self._has[key] = self._selected(scope, name)
        return self._has[key]

    def _selected(self, scope: Scope, name: str) -> Has:
        if scope.outer_columns:
            return Has.YES if name in scope.outer_columns else Has.NO
        if isinstance(scope.expression, exp.SetOperation):
            branches = scope.set_operation_scopes
            return self._scope_has(branches[0], name) if branches else Has.MAYBE
        if not isinstance(scope.expression, exp.Select):
            return Has.MAYBE
        selected = self.selected(scope.expression)
        found = Has.YES if name in selected.names else Has.NO
        for star in selected.stars:
            if name in star.renamed:
                found = Has.YES
            elif name not in star.excluded:
                covered = self.starred(scope, star) or (None,)
                found = max(found, *(self.has(each, name) if each else Has.MAYBE for each in covered))
        return found


def outer(scope: Scope) -> Scope | None:
    """The enclosing scope whose sources a correlated subquery can also use; None if there is none."""
    parent = scope.parent
    if parent is None or scope.scope_type in (ScopeType.SUBQUERY, ScopeType.UDTF):
        return parent
    return outer(parent)

"""The columns that a query selects: by name, by alias, and by stars."""

from functools import cached_property

from sqlglot import exp

from dbt_scheduler.sql.limits import Steps

_CLAUSES = (exp.Window, exp.Group, exp.Having, exp.Qualify, exp.Order)


class Star:
    """``*`` or ``orders.*``, with its excluded and renamed columns."""

    def __init__(self, node: exp.Expr) -> None:
        star = node.this if isinstance(node, exp.Column) else node
        self.node = node
        self.excluded: dict[str, exp.Expr] = {each.name: each for each in star.args.get("except_") or ()}
        self.renamed: dict[str, exp.Expr] = {each.alias: each.this for each in star.args.get("rename") or ()}


class Selected:
    """The columns that a query selects; computed on first use."""

    def __init__(self, query: exp.Select, steps: Steps) -> None:
        self._query = query
        self._steps = steps

    @cached_property
    def names(self) -> frozenset[str]:
        """The columns that are selected by name."""
        return frozenset(each.alias_or_name for each in self._query.selects if not _is_star(each))

    @cached_property
    def stars(self) -> tuple[Star, ...]:
        """The selected stars."""
        return tuple(Star(each) for each in self._query.selects if _is_star(each))

    @cached_property
    def _aliases(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for each in self._query.selects:
            if isinstance(each, exp.Alias):
                found.setdefault(each.alias, set()).add(id(each))
        return found

    def is_alias(self, name: str, column: exp.Column, *, surely: bool) -> bool:
        """Whether a name refers to a selected column; ``surely`` if a source certainly has such a column too."""
        named = self._aliases.get(name)
        if not named:
            return False
        clause, above = None, column.parent
        while above is not None and above is not self._query:
            self._steps.take()
            if id(above) in named:
                return False
            if isinstance(above, _CLAUSES):
                clause = clause or above
            above = above.parent
        if isinstance(clause, exp.Order) and isinstance(column.parent, exp.Ordered):
            return clause.parent is self._query
        return not surely and isinstance(clause, exp.Group | exp.Having | exp.Qualify)


def _is_star(selected: exp.Expr) -> bool:
    return isinstance(selected, exp.Star) or (
        isinstance(selected, exp.Column) and isinstance(selected.this, exp.Star)
    )

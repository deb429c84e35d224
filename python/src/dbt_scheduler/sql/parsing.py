"""Parses a query within limits: SQL is untrusted input, and parsing may take unlimited time."""

import logging

from sqlglot import exp
from sqlglot.dialects import Dialect, Dialects, MySQL
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.optimizer.scope import Scope, traverse_scope

from dbt_scheduler.sql.limits import MOST_CHARACTERS

_DIALECTS = {
    "fabricspark": "spark",
    "glue": "spark",
    "greenplum": "postgres",
    "impala": "hive",
    "singlestore": "mysql",
    "sqlserver": "tsql",
    "synapse": "tsql",
    **{each.value: each.value for each in Dialects if each is not Dialects.DIALECT},
}
"""sqlglot's dialects by dbt's adapter type."""

# sqlglot's exceptions for unsupported SQL: its own errors, and bugs of its parsers.
_UNPARSABLE = (
    SqlglotError,
    RecursionError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)

# sqlglot logs warnings that quote unsupported SQL.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


def parse_scopes(sql: str, adapter: str) -> list[Scope]:
    """The scopes of a query, inner ones first, with identifiers normalized as in the warehouse.

    Empty if it is too long, not a single query, or cannot be parsed.
    """
    if len(sql) > MOST_CHARACTERS or adapter not in _DIALECTS:
        return []
    try:
        dialect = _dialect(_DIALECTS[adapter])
        statements = [each for each in dialect.parse(sql) if each]
        if len(statements) != 1 or not isinstance(statements[0], exp.Query):
            return []
        return traverse_scope(normalize_identifiers(statements[0], dialect=dialect))
    except _UNPARSABLE:
        return []


def _dialect(name: str) -> Dialect:
    dialect = Dialect.get_or_raise(name)
    if isinstance(dialect, MySQL):  # its default compares table names case-sensitively
        return Dialect.get_or_raise(f"{name}, normalization_strategy = case_insensitive")
    return dialect

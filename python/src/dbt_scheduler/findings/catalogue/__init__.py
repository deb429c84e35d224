"""Every finding code with its words and its documentation, one module per family."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from dbt_scheduler.findings.finding import Rule


def all_rules() -> tuple[Rule, ...]:
    """Every rule, ordered by code; the families are the modules of this package."""
    return tuple(sorted(_rules(), key=lambda rule: rule.code))


def _rules() -> Iterator[Rule]:
    for family in iter_modules(__path__):
        module = import_module(f"{__name__}.{family.name}")
        yield from (value for value in vars(module).values() if isinstance(value, Rule))

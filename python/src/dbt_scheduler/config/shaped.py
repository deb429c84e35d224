"""Holds a YAML document against its schema: findings for what is wrong, and the part that is right."""

from collections.abc import Iterable
from typing import Any, TypeAlias

import msgspec

from dbt_scheduler.catalogue.inputs import SCH411
from dbt_scheduler.document import Document, Path, show
from dbt_scheduler.errors import Finding, Rule
from dbt_scheduler.shape import Violation, violations, whole_number

Plain: TypeAlias = Any
"""What YAML holds: mappings, lists and single words."""


class Shaped(msgspec.Struct, frozen=True):
    """A document's value without what is wrong in it, None if that is all of it; and the findings."""

    value: dict[str, Plain] | None
    findings: tuple[Finding, ...]
    lines: dict[int, int]

    def line(self, item: object) -> int:
        """The line of a list item of the value, whatever was taken out before it."""
        return self.lines[id(item)]


def check_shape(document: Document, schema: str, rule: Rule) -> Shaped:
    """Check a document; what is right in it is kept, so that a team sees all its problems at once."""
    found = violations(schema, document.value)
    findings = [_shape_finding(document, rule, violation) for violation in found]
    findings += _surprises(document, {violation.path for violation in found})
    lines: dict[int, int] = {}
    value = _copy(document, (), document.value, lines)
    while found:
        # A missing key takes with it what lacks it, which may in turn be missing one level up: hence again.
        for path in sorted({violation.path for violation in found}, reverse=True):
            if not path:
                return Shaped(None, tuple(findings), lines)
            _remove(value, path)
        found = violations(schema, value)
    return Shaped(value, tuple(findings), lines)


def _shape_finding(document: Document, rule: Rule, violation: Violation) -> Finding:
    surprise = document.surprise(violation.path)
    text = document.text(violation.path)
    hint = violation.hint
    if surprise:
        hint = surprise.hint
    elif text and "must be text, not" in violation.problem and not violation.problem.endswith("not empty"):
        hint = f'put it in quotes: "{text}"'
    return rule.at(document.path, document.line(violation.path), problem=violation.problem, hint=hint)


def _surprises(document: Document, told: set[Path]) -> Iterable[Finding]:
    """Notes for words that YAML reads in a way that fits the schema, and yet hardly as they were meant."""
    for surprise in document.surprises:
        meant = surprise.read in ("true", "false")  # yes or on, where true or false is asked for
        if surprise.path not in told and not meant:
            words = {"where": show(surprise.path), "written": surprise.written, "read": surprise.read}
            yield SCH411.at(document.path, surprise.line, subject=surprise.written, **words)


def _copy(document: Document, path: Path, value: Plain, lines: dict[int, int]) -> Plain:
    """A value of its own, also where anchors shared it; ``lines`` gets the lines of its list items."""
    if isinstance(value, dict):
        return {key: _copy(document, (*path, key), child, lines) for key, child in value.items()}
    if not isinstance(value, list):
        return whole_number(value)
    items = []
    for index, child in enumerate(value):
        items.append(_copy(document, (*path, index), child, lines))
        lines[id(items[-1])] = document.line((*path, index))
    return items


def _remove(value: Plain, path: Path) -> None:
    for step in path[:-1]:
        value = value[step]
    del value[path[-1]]

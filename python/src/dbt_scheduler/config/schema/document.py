"""Validates a YAML document against its schema: findings for the errors, and the valid part of it."""

from collections.abc import Iterable
from typing import Any, TypeAlias

import msgspec

from dbt_scheduler.config.schema.validation import Violation, validate, whole_number
from dbt_scheduler.config.yaml import Coercion, Document, Path, format_path
from dbt_scheduler.findings.catalogue.inputs import SCH411
from dbt_scheduler.findings.finding import Finding, Rule
from dbt_scheduler.schedule.durations import UNITS

Plain: TypeAlias = Any
"""A YAML value: a mapping, a list or a scalar."""


class CheckedDocument(msgspec.Struct, frozen=True):
    """The valid part of a document, None if nothing is valid; and the findings."""

    value: dict[str, Plain] | None
    findings: tuple[Finding, ...]
    lines: dict[int, int]

    def line(self, item: object) -> int:
        """The line of a list item of the value, also after invalid items were removed before it."""
        return self.lines[id(item)]


def check_document(document: Document, schema: str, rule: Rule) -> CheckedDocument:
    """Validate a document and keep its valid part, so that a team sees all of its errors at once."""
    found = validate(schema, document.value)
    coercions = {each.path: each for each in document.coercions}
    findings = [
        _violation_finding(document, rule, violation, coercions.get(violation.path)) for violation in found
    ]
    findings += _coercion_notes(document, {violation.path for violation in found})
    lines: dict[int, int] = {}
    value = _copy(document, (), document.value, lines)
    while found:
        # Removing an incomplete mapping can make its parent incomplete, so repeat until nothing changes.
        for path in sorted({violation.path for violation in found}, reverse=True):
            if not path:
                return CheckedDocument(None, tuple(findings), lines)
            _remove(value, path)
        found = validate(schema, value)
    return CheckedDocument(value, tuple(findings), lines)


def _violation_finding(
    document: Document, rule: Rule, violation: Violation, coercion: Coercion | None
) -> Finding:
    hint = violation.hint
    if coercion:
        hint = coercion.hint
    elif not violation.path and document.value is None:
        hint = "the file is empty, or has only comments: add its keys, or delete it"
    elif violation.path[-2:-1] == ("slo",) and violation.path[-1] in UNITS:
        hint = "an SLO is set for each pipeline: for example {daily: {hours: 6}}"
    elif violation.types == ("string",) and (text := _word(document, violation.path)):
        hint = f'put it in quotes: "{text}"'
    return rule.at(document.path, document.line(violation.path), problem=violation.problem, hint=hint)


def _word(document: Document, path: Path) -> str | None:
    """The scalar at a path as written in the file; None for null."""
    value: Plain = document.value
    for step in path:
        value = value[step]
    return None if value is None else document.text(path)


def _coercion_notes(document: Document, reported: set[Path]) -> Iterable[Finding]:
    """Notes for values that match the schema, but that YAML probably parses differently than intended."""
    for coercion in document.coercions:
        meant = coercion.read in ("true", "false")  # yes or on where the schema expects a boolean
        if coercion.path not in reported and not meant:
            words = {"where": format_path(coercion.path), "written": coercion.written, "read": coercion.read}
            yield SCH411.at(document.path, coercion.line, subject=coercion.written, **words)


def _copy(document: Document, path: Path, value: Plain, lines: dict[int, int]) -> Plain:
    """A deep copy, so that anchors no longer share values; ``lines`` gets the lines of its list items."""
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

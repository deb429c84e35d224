"""Holds a YAML document against its schema: findings for what is wrong, and the part that is right."""

from collections.abc import Iterable
from typing import Any, TypeAlias

import msgspec

from dbt_scheduler.config.schema.validation import Violation, validate, whole_number
from dbt_scheduler.config.yaml import Coercion, Document, Path, format_path
from dbt_scheduler.findings.catalogue.inputs import SCH411
from dbt_scheduler.findings.finding import Finding, Rule

Plain: TypeAlias = Any
"""What YAML holds: mappings, lists and single words."""


class CheckedDocument(msgspec.Struct, frozen=True):
    """A document's value without what is wrong in it, None if that is all of it; and the findings."""

    value: dict[str, Plain] | None
    findings: tuple[Finding, ...]
    lines: dict[int, int]

    def line(self, item: object) -> int:
        """The line of a list item of the value, whatever was taken out before it."""
        return self.lines[id(item)]


def check_document(document: Document, schema: str, rule: Rule) -> CheckedDocument:
    """Check a document; what is right in it is kept, so that a team sees all its problems at once."""
    found = validate(schema, document.value)
    coercions = {each.path: each for each in document.coercions}
    findings = [
        _violation_finding(document, rule, violation, coercions.get(violation.path)) for violation in found
    ]
    findings += _coercion_notes(document, {violation.path for violation in found})
    lines: dict[int, int] = {}
    value = _copy(document, (), document.value, lines)
    while found:
        # A missing key takes with it what lacks it, which may in turn be missing one level up: hence again.
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
    elif violation.types == ("string",) and (text := _word(document, violation.path)):
        hint = f'put it in quotes: "{text}"'
    return rule.at(document.path, document.line(violation.path), problem=violation.problem, hint=hint)


def _word(document: Document, path: Path) -> str | None:
    """The single word at a path as the file has it; None for one that is null."""
    value: Plain = document.value
    for step in path:
        value = value[step]
    return None if value is None else document.text(path)


def _coercion_notes(document: Document, reported: set[Path]) -> Iterable[Finding]:
    """Notes for words that YAML reads in a way that fits the schema, and yet hardly as they were meant."""
    for coercion in document.coercions:
        meant = coercion.read in ("true", "false")  # yes or on, where true or false is asked for
        if coercion.path not in reported and not meant:
            words = {"where": format_path(coercion.path), "written": coercion.written, "read": coercion.read}
            yield SCH411.at(document.path, coercion.line, subject=coercion.written, **words)


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

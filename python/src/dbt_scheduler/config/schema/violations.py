"""Converts the errors of ``jsonschema`` to violations in plain words."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from dbt_scheduler.config.schema.messages import (
    WORDS,
    Json,
    Path,
    counted,
    described,
    either,
    example,
    inside,
    quoted,
    shown,
    subject,
    twice,
)
from dbt_scheduler.decoding_errors import KINDS
from dbt_scheduler.findings.finding import fill
from dbt_scheduler.findings.suggest import did_you_mean

if TYPE_CHECKING:
    from jsonschema import ValidationError

# Keywords whose next step in an error's schema path is a name or a number, not a keyword.
_NAMED_STEPS = {
    "properties",
    "patternProperties",
    "dependentSchemas",
    "prefixItems",
    "allOf",
    "anyOf",
    "oneOf",
}

_MOST_SUGGESTIONS = 100
"""The maximum number of suggestions per value: each costs a comparison with all known words."""


class Violation(msgspec.Struct, frozen=True):
    """One violation of a schema.

    ``path`` is its location: keys and, counted from 0, positions in lists. For an unknown key and for one that is not
    allowed, it ends with that key; for a missing key, it is that of the mapping. ``types`` are the JSON Schema types
    that the value should have, if it has none of them.
    """

    path: Path
    problem: str
    hint: str = ""
    types: tuple[str, ...] = ()


class _Record(msgspec.Struct, frozen=True):
    """A violation, with the data for its hint and for the choice of a branch of ``anyOf``."""

    keyword: str
    violation: Violation
    word: str = ""
    known: tuple[str, ...] = ()


def describe_errors(errors: "Iterable[ValidationError]") -> tuple[Violation, ...]:
    """All violations, ordered by path."""
    records = [record for error in errors for record in _records(error)]
    # If a message lists the allowed values, another one about their type is redundant.
    listed = {record.violation.path for record in records if record.keyword in {"enum", "const"}}
    kept = [r for r in records if r.keyword != "type" or r.violation.path not in listed]
    kept.sort(key=lambda record: _sort_key(record.violation))
    return (
        *map(_with_suggestion, kept[:_MOST_SUGGESTIONS]),
        *(record.violation for record in kept[_MOST_SUGGESTIONS:]),
    )


def _with_suggestion(record: _Record) -> Violation:
    near = did_you_mean(record.word, record.known)
    return msgspec.structs.replace(record.violation, hint=near) if near else record.violation


def _records(error: "ValidationError") -> list[_Record]:
    rules: Json = error.schema
    value: Json = error.instance
    path = (*error.absolute_path, *_key_itself(error))
    if error.context:
        return _best_branch(error, path)
    if error.validator == "additionalProperties":
        return [_unknown_key(rules, path, key) for key in _unknown_keys(value, rules)]
    if error.validator in {"required", "dependentRequired"}:
        return [_missing_key(rules, path, _asked_for(error))]
    if error.validator == "type":
        rule: Json = error.validator_value
        return [_mistyped(error, path, (rule,) if isinstance(rule, str) else tuple(rule))]
    if error.validator in {"enum", "const"}:
        return [_unexpected(error, path)]
    return [_other(error, path)]


def _other(error: "ValidationError", path: Path) -> _Record:
    keyword = str(error.validator)
    rule: Json = error.validator_value
    rules: Json = error.schema
    value: Json = error.instance
    if keyword == "items":  # `items: false` after `prefixItems`
        keyword, rule = "maxItems", len(rules.get("prefixItems", ()))
    if keyword == "not" and rule is True:
        keyword = "false"
    words: dict[str, object] = {"subject": subject(path)}
    if keyword == "uniqueItems":
        words |= {"twice": twice(value)}
    else:
        refused = shown(value) if keyword == "not" else described(value)
        words |= {"rule": counted(keyword, rule), "value": refused}
    return _Record(
        keyword, Violation(path, fill(WORDS.get(keyword, WORDS["other"]), words), example(rules, path))
    )


def _unexpected(error: "ValidationError", path: Path) -> _Record:
    keyword = str(error.validator)
    rule: Json = error.validator_value
    value: Json = error.instance
    choices = [rule] if keyword == "const" else rule
    expected = either([shown(c) for c in choices])
    words: dict[str, object] = {"subject": subject(path), "expected": expected, "value": shown(value)}
    violation = Violation(path, fill(WORDS[keyword], words), example(error.schema, path))
    if not isinstance(value, str):
        return _Record(keyword, violation)
    return _Record(keyword, violation, value, tuple(each for each in choices if isinstance(each, str)))


def _mistyped(error: "ValidationError", path: Path, types: tuple[str, ...]) -> _Record:
    expected, value = either([KINDS[each] for each in types]), described(error.instance)
    words: dict[str, object] = {"subject": subject(path), "expected": expected, "value": value}
    return _Record("type", Violation(path, fill(WORDS["type"], words), example(error.schema, path), types))


def _missing_key(rules: Mapping[str, Json], path: Path, key: str) -> _Record:
    problem = fill(WORDS["required"], {"inside": inside(path), "key": quoted(key)})
    hint = example(rules.get("properties", {}).get(key), (*path, key), f"{key}: ")
    return _Record("required", Violation(path, problem, hint))


def _asked_for(error: "ValidationError") -> str:
    rule: Json = error.validator_value
    keys = rule if error.validator == "required" else [key for each in rule.values() for key in each]
    return next(str(key) for key in keys if error.message.startswith(repr(key) + " is "))


def _unknown_key(rules: Mapping[str, Json], path: Path, key: str) -> _Record:
    known = tuple(rules.get("properties", ()))
    hint = "allowed keys: " + ", ".join(known) if known else ""
    problem = fill(WORDS["additionalProperties"], {"inside": inside(path), "key": quoted(key)})
    return _Record("additionalProperties", Violation((*path, key), problem, hint), key, known)


def _unknown_keys(value: Mapping[str, Json], rules: Mapping[str, Json]) -> list[str]:
    known, patterns = rules.get("properties", ()), rules.get("patternProperties", ())
    return [key for key in value if key not in known and not any(re.search(p, key) for p in patterns)]


def _best_branch(error: "ValidationError", path: Path) -> list[_Record]:
    """The violations of the branch of ``anyOf`` or ``oneOf`` that a value is closest to.

    The closest is a branch with the right type, then one with the fewest wrong choices (such as a ``kind``), then one
    with the fewest violations, then the first. If all branches have another type, that is one violation.
    """
    branches: dict[int, list[_Record]] = {}
    for child in error.context or ():
        branches.setdefault(int(child.relative_schema_path[0]), []).extend(_records(child))
    mistyped = [
        [r for r in records if r.keyword == "type" and r.violation.path == path]
        for records in branches.values()
    ]
    if all(mistyped):
        types = dict.fromkeys(each for records in mistyped for r in records for each in r.violation.types)
        return [_mistyped(error, path, tuple(types))]
    ranked = [
        (bool(wrong), sum(r.keyword in {"enum", "const"} for r in records), len(records), at)
        for at, (wrong, records) in enumerate(zip(mistyped, branches.values(), strict=True))
    ]
    return list(branches.values())[min(ranked)[-1]]


def _sort_key(violation: Violation) -> str:
    return "/".join(f"{step:06}" if isinstance(step, int) else step for step in violation.path)


def _key_itself(error: "ValidationError") -> tuple[str, ...]:
    """The key itself, if it has the wrong form, and not its value; else empty."""
    steps = iter(error.absolute_schema_path)
    for step in steps:
        if step == "propertyNames":
            return (str(error.instance),)
        if step in _NAMED_STEPS:
            next(steps, None)
    return ()

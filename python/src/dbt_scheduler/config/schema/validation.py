"""Validates with ``jsonschema`` and reports violations in plain words."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt_scheduler.config.schema.messages import Json
from dbt_scheduler.config.schema.violations import Violation, describe_errors

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

__all__ = ["Violation", "load_schema", "validate", "validate_against", "whole_number", "whole_numbers"]

_MAX_DEPTH = 60
"""The maximum nesting of a YAML file."""


@cache
def load_schema(name: str) -> dict[str, Any]:
    """The schema ``{name}.schema.json``; shared, so not to be changed."""
    loaded: dict[str, Any] = json.loads((_folder() / f"{name}.schema.json").read_text("utf-8"))
    return loaded


def validate(schema_name: str, instance: object) -> tuple[Violation, ...]:
    """All violations of the named schema, ordered by path; empty if the value is valid."""
    try:
        return describe_errors(_validator(schema_name).iter_errors(_plain(instance)))
    except RecursionError:
        return (Violation((), f"it has more than {_MAX_DEPTH} levels of nesting", "reduce the nesting"),)


def whole_number(value: Json) -> Json:
    """A validated scalar as a Python value: JSON Schema treats ``2.0`` as an integer, Python does not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def whole_numbers(value: Json) -> Json:
    """The same for all scalars of a value."""
    if isinstance(value, Mapping):
        return {key: whole_numbers(part) for key, part in value.items()}
    return [whole_numbers(part) for part in value] if isinstance(value, list) else whole_number(value)


def validate_against(rules: Mapping[str, Any] | bool, instance: object) -> tuple[Violation, ...]:
    """The same for a schema given as a value."""
    return describe_errors(_compiled(rules).iter_errors(_plain(instance)))


@cache
def _folder() -> Path:
    # A wheel contains the schemas; an editable install reads them from the root of the repository.
    package = Path(__file__).parents[2]
    packaged = package / "schemas"
    return packaged if packaged.is_dir() else package.parents[2] / "schemas"


@cache
def _validator(schema_name: str) -> "Draft202012Validator":
    return _compiled(load_schema(schema_name))


def _compiled(rules: Mapping[str, Any] | bool) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - takes 0.1 s
    from jsonschema.validators import extend  # noqa: PLC0415

    numbers = Draft202012Validator.TYPE_CHECKER

    def is_number(_: object, value: Json) -> bool:
        return bool(numbers.is_type(value, "number")) and value == value  # noqa: PLR0124 - no limit excludes NaN

    checker = numbers.redefine("number", is_number)
    validator = extend(Draft202012Validator, type_checker=checker)  # type: ignore[no-untyped-call] # it has no types
    made: Draft202012Validator = validator(_with_paths(rules))
    return made


_SCHEMA_MAPS = {"properties", "patternProperties", "dependentSchemas", "$defs"}
_SCHEMA_LISTS = {"allOf", "anyOf", "oneOf", "prefixItems"}
_SCHEMAS = {"additionalProperties", "items", "contains", "propertyNames", "not", "if", "then", "else"}


def _with_paths(rules: Json) -> Json:
    """The schema with ``not: true`` instead of each ``false``, because jsonschema's errors for ``false`` have no path."""
    if rules is False:
        return {"not": True}
    return {k: _below(k, rule) for k, rule in rules.items()} if isinstance(rules, Mapping) else rules


def _below(keyword: str, rule: Json) -> Json:
    if keyword in _SCHEMA_MAPS:
        return {name: _with_paths(each) for name, each in rule.items()}
    if keyword in _SCHEMA_LISTS:
        return [_with_paths(each) for each in rule]
    is_reported_with_path = keyword in {"additionalProperties", "items"} and rule is False
    return _with_paths(rule) if keyword in _SCHEMAS and not is_reported_with_path else rule


def _plain(value: Json, depth: int = 0) -> Json:
    """The value with strings as keys: YAML also allows numbers and booleans, JSON does not.

    Raises:
        RecursionError: it is nested too deeply.

    """
    if depth > _MAX_DEPTH:
        raise RecursionError
    if isinstance(value, Mapping):
        return {_key(k): _plain(v, depth + 1) for k, v in value.items()}
    return [_plain(v, depth + 1) for v in value] if isinstance(value, list | tuple) else value


def _key(key: object) -> str:
    if key is None or isinstance(key, bool):
        return json.dumps(key)
    return str(key)

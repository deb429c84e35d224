"""The messages for schema violations, and how a message shows a user's own values.

The dbt package prints the same messages: ``WORDS``, ``KINDS`` and ``UNITS`` reach it in a generated macro,
and a test compares the two on thousands of values.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, TypeAlias

from dbt_scheduler.decoding_errors import KINDS
from dbt_scheduler.findings.plural import format_count, plural

# By JSON Schema keyword; "false" is for the schema `false`, "other" for keywords without their own message.
WORDS = {
    "false": "{subject} is not allowed here",
    "other": "{subject} does not match the schema",
    "type": "{subject} must be {expected}, not {value}",
    "enum": "{subject} must be {expected}, not {value}",
    "const": "{subject} must be {expected}, not {value}",
    "required": "{key} is missing{inside}",
    "additionalProperties": "unknown key {key}{inside}",
    "pattern": "{subject} must match the pattern {rule}, not {value}",
    "minimum": "{subject} must be at least {rule}, not {value}",
    "maximum": "{subject} must be at most {rule}, not {value}",
    "exclusiveMinimum": "{subject} must be greater than {rule}, not {value}",
    "exclusiveMaximum": "{subject} must be less than {rule}, not {value}",
    "multipleOf": "{subject} must be a multiple of {rule}, not {value}",
    "minLength": "{subject} must have at least {rule}, not {value}",
    "maxLength": "{subject} must have at most {rule}, not {value}",
    "minItems": "{subject} must have at least {rule}",
    "maxItems": "{subject} must have at most {rule}",
    "uniqueItems": "{subject} contains {twice} more than once",
    "minProperties": "{subject} must have at least {rule}",
    "maxProperties": "{subject} must have at most {rule}",
    "not": "{subject} must not be {value}",
    "oneOf": "{subject} matches more than one of the allowed forms",
}
UNITS = {
    "minLength": "character",
    "maxLength": "character",
    "minItems": "item",
    "maxItems": "item",
    "minProperties": "key",
    "maxProperties": "key",
}
LONGEST_QUOTE = 80

Path: TypeAlias = tuple[str | int, ...]
Json: TypeAlias = Any  # a decoded value of any form, or a schema


def quoted(text: str) -> str:
    """A user's text as a message shows it: in double quotes, on one line, truncated if very long."""
    line = text.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
    return f'"{line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"}"'


def shown(value: object) -> str:
    """Any value as a message shows it: strings quoted, lists and mappings in YAML's flow style."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(shown(v) for v in value) + "]"
    return str(value) if isinstance(value, int | float) else quoted(str(value))


def described(value: Json) -> str:
    """A value in a message about its type: scalars are shown, lists and mappings only named."""
    if value is None:
        return KINDS["null"]
    if isinstance(value, Mapping):
        return KINDS["object"]
    return KINDS["array"] if isinstance(value, list | tuple) else shown(value)


def subject(path: Path) -> str:
    """How a message refers to the value at a path: its keys since the last list, or its position in the list."""
    if not path:
        return "the top level"
    if isinstance(path[-1], int):
        return f"item {path[-1] + 1}" + (f" of {subject(path[:-1])}" if path[:-1] else "")
    keys = list(takewhile(lambda step: isinstance(step, str), reversed(path)))
    return quoted(".".join(str(key) for key in reversed(keys)))


def inside(path: Path) -> str:
    """Where a key is missing or unknown; empty at the top level."""
    return f" in {subject(path)}" if path else ""


def and_others(names: Sequence[str]) -> str:
    """The first of some names in quotes, and how many more there are: ``"a" and 2 others``."""
    others = len(names) - 1
    return f'"{names[0]}"' + (f" and {format_count(others, 'other')}" if others else "")


def either(words: Sequence[str]) -> str:
    """A choice in words: ``a, b or c``."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(keyword: str, rule: Json) -> str:
    """What a keyword requires, such as ``1 item``."""
    if keyword in UNITS:
        return f"{shown(rule)} {plural(UNITS[keyword], rule)}"
    return rule if isinstance(rule, str) else shown(rule)


def example(rules: Json, path: Path, key: str = "") -> str:
    """The first example of the schema; none at the top level, where it would be a whole file."""
    if not path or not isinstance(rules, Mapping) or not rules.get("examples"):
        return ""
    return f"for example {key}{shown(rules['examples'][0])}"


def twice(values: list[Json]) -> str:
    """The first duplicate value of a list, as a message shows it."""
    same = [_canonical(value) for value in values]
    return next(shown(value) for at, value in enumerate(values) if same[at] in same[:at])


def _canonical(value: Json) -> str:
    """A text that is equal for exactly the values that JSON Schema treats as equal: 1 and 1.0, but not true."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(k)}:{_canonical(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_canonical(v) for v in value) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value)

"""The words for whatever a schema refuses, and how a message shows a user's own values.

The dbt package prints the same words: ``WORDS``, ``KINDS`` and ``UNITS`` reach it by a generated macro, and a
test holds the two together on thousands of values.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, TypeAlias

from dbt_scheduler.findings.plural import format_count, plural

# By JSON Schema keyword; "false" is for the schema `false`, "other" for keywords without words of their own.
WORDS = {
    "false": "{subject} is not allowed here",
    "other": "{subject} does not have the form that is asked for",
    "type": "{subject} must be {expected}, not {value}",
    "enum": "{subject} must be {expected}, not {value}",
    "const": "{subject} must be {expected}, not {value}",
    "required": "{key} is missing{inside}",
    "additionalProperties": "unknown key {key}{inside}",
    "pattern": "{subject} must look like {rule}, not {value}",
    "minimum": "{subject} must be at least {rule}, not {value}",
    "maximum": "{subject} must be at most {rule}, not {value}",
    "exclusiveMinimum": "{subject} must be more than {rule}, not {value}",
    "exclusiveMaximum": "{subject} must be less than {rule}, not {value}",
    "multipleOf": "{subject} must be a multiple of {rule}, not {value}",
    "minLength": "{subject} must have at least {rule}, not {value}",
    "maxLength": "{subject} must have at most {rule}, not {value}",
    "minItems": "{subject} must have at least {rule}",
    "maxItems": "{subject} must have at most {rule}",
    "uniqueItems": "{subject} lists {twice} twice",
    "minProperties": "{subject} must have at least {rule}",
    "maxProperties": "{subject} must have at most {rule}",
    "not": "{subject} must not be {value}",
    "oneOf": "{subject} fits more than one of the forms that are allowed here",
}
KINDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "array": "a list",
    "object": "a mapping",
    "null": "empty",
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
    """A user's own text as a message shows it: in double quotes, on one line, cut when very long."""
    line = text.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
    return f'"{line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"}"'


def shown(value: object) -> str:
    """Any value as a message shows it: text quoted, lists and keys as YAML writes them on one line."""
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
    """A value in a message about its type: short ones shown, long ones by what they are."""
    if value is None:
        return KINDS["null"]
    if isinstance(value, Mapping):
        return KINDS["object"]
    return KINDS["array"] if isinstance(value, list | tuple) else shown(value)


def subject(path: Path) -> str:
    """What a message calls the value at a path: its keys since the last list, or its position in it."""
    if not path:
        return "the top level"
    if isinstance(path[-1], int):
        return f"item {path[-1] + 1}" + (f" of {subject(path[:-1])}" if path[:-1] else "")
    keys = list(takewhile(lambda step: isinstance(step, str), reversed(path)))
    return quoted(".".join(str(key) for key in reversed(keys)))


def inside(path: Path) -> str:
    """Where a key is missing or unknown; nothing at the top level."""
    return f" in {subject(path)}" if path else ""


def and_others(names: Sequence[str]) -> str:
    """The first of some names in quotes, and how many more there are: ``"a" and 2 others``."""
    others = len(names) - 1
    return f'"{names[0]}"' + (f" and {format_count(others, 'other')}" if others else "")


def either(words: Sequence[str]) -> str:
    """A choice in words: ``a, b or c``."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(keyword: str, rule: Json) -> str:
    """What a keyword asks for, such as ``1 item``."""
    if keyword in UNITS:
        return f"{shown(rule)} {plural(UNITS[keyword], rule)}"
    return rule if isinstance(rule, str) else shown(rule)


def example(rules: Json, path: Path, key: str = "") -> str:
    """The schema's own first example; at the top level it would be a whole file, so there is none."""
    if not path or not isinstance(rules, Mapping) or not rules.get("examples"):
        return ""
    return f"for example {key}{shown(rules['examples'][0])}"


def twice(values: list[Json]) -> str:
    """The first value that a list has already had, as a message shows it."""
    same = [_canonical(value) for value in values]
    return next(shown(value) for at, value in enumerate(values) if same[at] in same[:at])


def _canonical(value: Json) -> str:
    """The same text for just those values that JSON Schema holds for equal: 1 and 1.0, but not true."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(k)}:{_canonical(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_canonical(v) for v in value) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value)

"""Describes the errors of msgspec in the terms of JSON Schema, for people who did not write the Python types."""

import re

KINDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "array": "a list",
    "object": "a mapping",
    "null": "empty",
}
"""JSON Schema's types as messages name them."""

_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
"""msgspec's names of types that differ from those of JSON Schema."""

_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_MISTYPED = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")


def describe(error: Exception, otherwise: str = "is invalid") -> str:
    """The error as ``"tasks[0].retries" must be an integer, not a string``; ``otherwise`` is for other errors."""
    text, _, place = str(error).partition(" - at ")
    path = place.strip("`").removeprefix("$").removeprefix(".")
    if missing := _MISSING.fullmatch(text):
        return f'"{missing[1]}" is missing' + (f' in "{path}"' if path else "")
    subject = f'"{path}"' if path else "the top level"
    if types := _MISTYPED.fullmatch(text):
        expected, found = (_choice(names) for names in types.groups())
        return f"{subject} must be {expected}, not {found}"
    return f"{subject} {otherwise}"


def _choice(names: str) -> str:
    """``str | null`` as ``a string or empty``."""
    kinds = [KINDS.get(_TYPES.get(name, name), name) for name in names.split(" | ")]
    return " or ".join([", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds)

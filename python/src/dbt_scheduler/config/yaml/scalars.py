"""Scalars of a YAML file: their values, and those that YAML parses as an unexpected type."""

import re

import yaml

PREFIX = "tag:yaml.org,2002:"
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_LONGEST_BITS = 256
"""Python refuses to print integers with thousands of digits."""

_PLAIN_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_PLAIN_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]*")
_HASH_AS_VALUE = re.compile(r"[:-]\s+(#[^\s#].*?)\s*$")


def scalar_value(node: yaml.ScalarNode) -> object:
    """Parse a scalar as ``yaml.safe_load`` does; dates, NaN and infinity stay strings.

    Raises:
        KeyError: the scalar has an unknown tag.

    """
    kind = node.tag.removeprefix(PREFIX)
    if kind in ("str", "timestamp", "merge", "value"):
        return node.value
    if kind == "null":
        return None
    construct = _CONSTRUCTORS[kind]
    try:
        value = construct(node)
    except (ValueError, KeyError, IndexError, OverflowError):  # `!!float ''`, a huge base 60 number
        return node.value
    return node.value if isinstance(value, int) and value.bit_length() > _LONGEST_BITS else value


_CONSTRUCTORS = {
    "bool": _CONSTRUCTOR.construct_yaml_bool,
    "int": _CONSTRUCTOR.construct_yaml_int,
    "float": _CONSTRUCTOR.construct_yaml_float,
}


def find_coercion(node: yaml.ScalarNode, value: object, source_line: str) -> tuple[str, str] | None:
    """The written text and the parsed value, if they differ (``on`` is true, ``#x`` is a comment); else None."""
    text: str = node.value
    if isinstance(value, bool):
        return None if text.lower() in ("true", "false") else (text, "true" if value else "false")
    if isinstance(value, int | float):
        plain = _PLAIN_INTEGER if isinstance(value, int) else _PLAIN_DECIMAL
        return None if plain.fullmatch(text) else (text, str(value))
    if value is None and not text:
        hidden = _HASH_AS_VALUE.search(source_line)
        return (hidden[1], "a comment") if hidden else None
    return None

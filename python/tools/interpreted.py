"""The JSON Schema keywords that the dbt macros support, and the parts of a schema that use others."""

from collections.abc import Iterator, Mapping

from dbt_scheduler.config.schema.messages import Json

KEYWORDS = (
    *("$ref", "type", "enum", "not"),
    *("properties", "additionalProperties", "minProperties"),
    *("items", "minItems", "uniqueItems"),
    *("minLength", "maxLength", "pattern"),
    *("minimum", "maximum"),
)
_ANNOTATIONS = ("$schema", "$comment", "title", "description", "examples", "$defs")


def not_interpreted(rules: Json, place: str = "#") -> Iterator[str]:
    """The parts of a schema, as JSON pointers, that the macros would ignore or misinterpret."""
    if not isinstance(rules, Mapping):  # true or false
        yield place
        return
    for keyword, rule in rules.items():
        here = f"{place}/{keyword}"
        if keyword in {"properties", "$defs"}:
            for name, each in rule.items():
                yield from not_interpreted(each, f"{here}/{name}")
        elif keyword in {"items", "not"} or (
            keyword == "additionalProperties" and not isinstance(rule, bool)
        ):
            yield from not_interpreted(rule, here)
        elif keyword not in KEYWORDS + _ANNOTATIONS or (keyword == "$ref" and not _is_pointer(rule)):
            yield here


def _is_pointer(reference: str) -> bool:
    """Whether a reference is a JSON pointer within the same schema."""
    return reference == "#" or reference.startswith("#/")

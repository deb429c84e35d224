"""The schema of DAG specs: valid, documented, and in sync with the types."""

from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from dbt_scheduler import spec
from dbt_scheduler.config.schema.validation import load_schema, validate
from schemas import documented

SCHEMA = load_schema("dag_spec")
STRUCTS = {
    "": spec.DagSpec,
    "/schedule": spec.Schedule,
    "/sensor": spec.Sensor,
    "/sensor/producer": spec.Producer,
    "/task": spec.Task,
}


def test_valid_and_documented() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for path, node in documented(SCHEMA):
        trivial = "$ref" in node or set(node) <= {"type", "maxLength", "pattern"}
        assert trivial or node.get("description"), path
        assert trivial or node.get("examples"), path


def test_the_examples_hold() -> None:
    for path, node in documented(SCHEMA):
        for example in node.get("examples", ()):
            found = Draft202012Validator({"$defs": SCHEMA["$defs"], **node}).iter_errors(example)
            assert list(found) == [], path


@pytest.mark.parametrize("path", STRUCTS)
def test_the_schema_has_the_fields_of_the_types(path: str) -> None:
    node = dict(documented(SCHEMA))[path]
    fields = {field.encode_name: field for field in msgspec.structs.fields(STRUCTS[path])}
    always = not STRUCTS[path].__struct_config__.omit_defaults
    assert set(node["properties"]) == fields.keys()
    assert set(node["required"]) == {
        name
        for name, field in fields.items()
        if field.required or (always and field.default is not msgspec.UNSET)
    }


@pytest.mark.parametrize("path", STRUCTS)
def test_the_schema_has_the_types_of_the_types(path: str) -> None:
    _, ours = msgspec.json.schema_components([STRUCTS[path]], schema_hook=lambda _: {"title": "anything"})
    node = dict(documented(SCHEMA))[path]
    for name, theirs in ours[STRUCTS[path].__name__]["properties"].items():
        assert _kinds(node["properties"][name]) == _kinds(theirs), f"{path}/{name}"


def test_an_example_is_a_spec_and_back() -> None:
    (example,) = SCHEMA["examples"]
    written = msgspec.json.decode(msgspec.json.encode(msgspec.convert(example, spec.DagSpec)))
    assert written == example
    assert validate("dag_spec", written) == ()


def _kinds(node: dict[str, Any]) -> set[str]:
    """The JSON types that a schema allows."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return _kinds(SCHEMA["$defs"][name]) if name in SCHEMA["$defs"] else {"object"}
    if "anyOf" in node:
        return {kind for each in node["anyOf"] for kind in _kinds(each)}
    if "enum" in node or "const" in node:
        return {"integer" if isinstance(node.get("const"), int) else "string"}
    kinds = node["type"]
    return set(kinds) if isinstance(kinds, list) else {kinds}

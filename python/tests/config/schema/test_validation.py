"""The messages about values that do not match the schema."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from interpreted import KEYWORDS, not_interpreted

from dbt_scheduler.config.schema.validation import Violation, load_schema, validate, validate_against

PAGES = {
    "properties": {"pages": {"items": {"properties": {"size": {"type": "integer"}}, "required": ["name"]}}}
}


@pytest.mark.parametrize(
    ("value", "path", "problem", "hint"),
    [
        ({"pipelnes": ["daily"]}, ["pipelnes"], 'unknown key "pipelnes"', 'did you mean "pipelines"?'),
        (
            {"colour": "red"},
            ["colour"],
            'unknown key "colour"',
            "allowed keys: pipelines, group, owners, retries, timeout, queue, pool, priority, dependencies, project, region, cpus, memory",
        ),
        (
            {"timeout": {"hour": 2}},
            ["timeout", "hour"],
            'unknown key "hour" in "timeout"',
            'did you mean "hours"?',
        ),
        ({"retries": "two"}, ["retries"], '"retries" must be an integer, not "two"', "for example 2"),
        ({"retries": True}, ["retries"], '"retries" must be an integer, not true', "for example 2"),
        ({"retries": None}, ["retries"], '"retries" must be an integer, not empty', "for example 2"),
        ({"retries": -1}, ["retries"], '"retries" must be at least 0, not -1', ""),
        ({"timeout": {}}, ["timeout"], '"timeout" must have at least 1 key', "for example {hours: 6}"),
        (
            {"timeout": {"minutes": 0}},
            ["timeout"],
            '"timeout" must not be {minutes: 0}',
            "for example {hours: 6}",
        ),
        (
            {"timeout": {"hours": 1.5}},
            ["timeout", "hours"],
            '"timeout.hours" must be an integer, not 1.5',
            "for example 6",
        ),
        ({"pipelines": []}, ["pipelines"], '"pipelines" must have at least 1 item', 'for example ["daily"]'),
        (
            {"pipelines": "daily"},
            ["pipelines"],
            '"pipelines" must be a list, not "daily"',
            'for example ["daily"]',
        ),
        (
            {"pipelines": ["daily", 3]},
            ["pipelines", 1],
            'item 2 of "pipelines" must be a string, not 3',
            'for example "daily"',
        ),
        ({"owners": ["@a", "@b", "@a"]}, ["owners"], '"owners" contains "@a" more than once', ""),
        (
            {"dependencies": {"fct_shipments": "sft"}},
            ["dependencies", "fct_shipments"],
            '"dependencies.fct_shipments" must be "hard", "soft" or "no_wait", not "sft"',
            'did you mean "soft"?',
        ),
        (
            {"dependencies": {"a": 5}},
            ["dependencies", "a"],
            '"dependencies.a" must be "hard", "soft" or "no_wait", not 5',
            'for example "soft"',
        ),
        (
            {"group": "a b"},
            ["group"],
            '"group" must match the pattern ^[A-Za-z0-9_-]+$, not "a b"',
            'for example "dimensions"',
        ),
        (
            {"queue": "a,b"},
            ["queue"],
            '"queue" must match the pattern ^[^\\s,]+$, not "a,b"',
            'for example "heavy"',
        ),
        ({"queue": "heavy\n"}, ["queue"], '"queue" must not be "heavy\\n"', 'for example "heavy"'),
        ({"pool": ""}, ["pool"], '"pool" must have at least 1 character, not ""', 'for example "warehouse"'),
        ({"pool": None}, ["pool"], '"pool" must be a string, not empty', 'for example "warehouse"'),
        (
            {"priority": 2**31},
            ["priority"],
            '"priority" must be at most 100000, not 2147483648',
            "for example 10",
        ),
        (
            {"priority": "high"},
            ["priority"],
            '"priority" must be an integer, not "high"',
            "for example 10",
        ),
        ({"cpus": 0}, ["cpus"], '"cpus" must be at least 0.01, not 0', "for example 1.5"),
        ({"cpus": float("nan")}, ["cpus"], '"cpus" must be a number, not nan', "for example 1.5"),
        ({"group": "x\n"}, ["group"], '"group" must not be "x\\n"', 'for example "dimensions"'),
        ("daily", [], 'the top level must be a mapping, not "daily"', ""),
        ({True: 1}, ["true"], 'unknown key "true"', None),
    ],
)
def test_a_nodes_settings(value: object, path: list[str | int], problem: str, hint: str | None) -> None:
    [found] = validate("meta_scheduler", value)
    assert (list(found.path), found.problem) == (path, problem)
    if hint:
        assert found.hint == hint


def test_a_missing_key_is_reported_where_it_belongs() -> None:
    assert validate_against(PAGES, {"pages": [{"name": "a"}, {"size": "x"}]}) == (
        Violation(("pages", 1), '"name" is missing in item 2 of "pages"'),
        Violation(("pages", 1, "size"), '"size" must be an integer, not "x"', types=("integer",)),
    )


def test_a_choice_of_forms_is_reported_by_the_nearest() -> None:
    def form(kind: str, **keys: object) -> dict[str, object]:
        return {
            "type": "object",
            "properties": {"kind": {"const": kind}, **keys},
            "additionalProperties": False,
        }

    rules = {"anyOf": [{"type": "string"}, form("universal", image={}), form("vertex-ai", region={})]}
    [found] = validate_against(rules, {"kind": "vertex-ai", "regoin": "x"})
    assert (found.problem, found.hint) == ('unknown key "regoin"', 'did you mean "region"?')
    assert (
        validate_against(rules, {"kind": "vertex-ia"})[0].problem
        == '"kind" must be "universal", not "vertex-ia"'
    )
    [found] = validate_against(rules, 5)
    assert found.problem == "the top level must be a string or a mapping, not 5"


def test_a_key_with_a_forbidden_name() -> None:
    rules = {"properties": {"tables": {"propertyNames": {"pattern": "^[a-z]+$"}}}}
    [found] = validate_against(rules, {"tables": {"a b": 1}})
    assert found.path == ("tables", "a b")
    assert found.problem == '"tables.a b" must match the pattern ^[a-z]+$, not "a b"'


def test_a_long_or_multi_line_value_stays_on_one_line() -> None:
    [found] = validate_against({"type": "integer"}, "two\nlines")
    assert found.problem == 'the top level must be an integer, not "two\\nlines"'
    [found] = validate_against({"type": "integer"}, "x" * 500)
    assert len(found.problem) < 150


def test_problems_are_ordered_by_path() -> None:
    value = {"timeout": "x", "retries": "x", "owners": [1, "a", 2], "group": 1, "a": 1}
    paths = [found.path for found in validate("meta_scheduler", value)]
    assert paths == [("a",), ("group",), ("owners", 0), ("owners", 2), ("retries",), ("timeout",)]


@pytest.mark.parametrize("name", ["meta_scheduler"])
def test_every_part_of_the_schema_is_described_with_an_example(name: str) -> None:
    rules = load_schema(name)
    for keys in (rules["properties"], rules["$defs"]["duration"]["properties"]):
        for key, described in keys.items():
            assert described["description"].endswith("."), key
            assert not validate_against({**described, "$defs": rules["$defs"]}, described["examples"][0]), key
    assert not validate(name, rules["examples"][0])


def test_the_schema_uses_only_keywords_that_the_macros_interpret() -> None:
    """And the macros support no others."""
    assert [*not_interpreted(load_schema("meta_scheduler"))] == []
    assert set(KEYWORDS) <= _keywords(load_schema("meta_scheduler"))


@pytest.mark.parametrize(
    ("rules", "places"),
    [
        ({"exclusiveMaximum": 3}, ["#/exclusiveMaximum"]),
        ({"properties": {"a": {"required": ["b"]}, "exclusiveMaximum": {}}}, ["#/properties/a/required"]),
        ({"$defs": {"a": {"const": 1}}}, ["#/$defs/a/const"]),
        ({"items": {"maxItems": 1}, "not": {"anyOf": []}}, ["#/items/maxItems", "#/not/anyOf"]),
        ({"additionalProperties": {"format": "date"}}, ["#/additionalProperties/format"]),
        ({"additionalProperties": False, "properties": {"a": True}}, ["#/properties/a"]),
        ({"items": False}, ["#/items"]),
        ({"$ref": "https://example.org/a.json"}, ["#/$ref"]),
        ({"$ref": "#name"}, ["#/$ref"]),
        ({"$ref": "#", "enum": [{"const": 1}], "examples": [{"const": 1}]}, []),
    ],
)
def test_what_the_macros_would_not_interpret(rules: dict[str, Any], places: list[str]) -> None:
    assert [*not_interpreted(rules)] == places


def test_nothing_is_generated_from_a_schema_that_the_macros_do_not_interpret(tmp_path: Path) -> None:
    root = Path(__file__).parents[4]
    for folder in ("schemas", "macros/generated", "docs", "python/src", "python/tools"):
        shutil.copytree(root / folder, tmp_path / folder)
    path = tmp_path / "schemas" / "meta_scheduler.schema.json"
    path.write_text(path.read_text().replace('"minimum": 0', '"exclusiveMinimum": 0', 1))
    before = (tmp_path / "macros" / "generated" / "meta_scheduler_schema.sql").read_text()
    done = generate(tmp_path)
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr == (
        "schemas/meta_scheduler.schema.json#/properties/retries/exclusiveMinimum: the dbt macros do not support this; they support "
        "$ref, type, enum, not, properties, additionalProperties, minProperties, items, minItems, uniqueItems, "
        "minLength, maxLength, pattern, minimum, maximum (macros/json_schema, python/tools/interpreted.py)\n"
    )
    assert (tmp_path / "macros" / "generated" / "meta_scheduler_schema.sql").read_text() == before


def test_the_schema_checks_each_key_independently() -> None:
    """The macros check each distinct key and value once, independently of the other keys."""
    assert set(load_schema("meta_scheduler")) == {
        *("$schema", "title", "description", "examples", "$defs"),
        *("type", "additionalProperties", "properties"),
    }


def _keywords(rules: object) -> set[str]:
    if not isinstance(rules, dict):
        return set()
    named = [*rules.get("properties", {}).values(), *rules.get("$defs", {}).values()]
    below = [rules.get("items"), rules.get("additionalProperties"), rules.get("not"), *named]
    return set(rules).union(*map(_keywords, below))


def test_what_is_generated_is_current() -> None:
    check = generate(Path(__file__).parents[4], "--check")
    assert (check.stdout, check.returncode) == ("", 0), check.stderr


def generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "python" / "tools" / "generate.py"), *arguments]
    env = {"PYTHONPATH": str(root / "python" / "src")}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_only_the_first_hundred_problems_of_a_value_are_compared_with_what_is_known() -> None:
    found = validate("meta_scheduler", {f"pipelines{at:03}": ["daily"] for at in range(101)})
    known = "allowed keys: pipelines, group, owners, retries, timeout, queue, pool, priority, dependencies, project, region, cpus, memory"
    assert [each.hint for each in found] == ['did you mean "pipelines"?'] * 100 + [known]

"""The JSON Schema implementation in Jinja: its results are those of the specification, its messages those of Python."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from interpreted import KEYWORDS, not_interpreted

from dbt_projects import dbt
from dbt_scheduler.config.schema.validation import load_schema, validate_against
from dbt_scheduler.findings.suggest import MOST_CANDIDATES, suggest

CASES = json.loads((Path(__file__).parent / "json_schema_cases.json").read_text("utf-8"))


def is_interpreted(case: dict[str, Any]) -> bool:
    return not [*not_interpreted(case["schema"])]


def reported(rules: Any, value: Any) -> list[dict[str, Any]]:
    """Python's result in the format of the macro."""
    return [
        {"path": list(v.path), "problem": v.problem, "hint": v.hint} for v in validate_against(rules, value)
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_cases_of_the_specification(case: dict[str, Any], macro: Callable[[str], Callable[..., Any]]) -> None:
    """Python and the macros report the same; for keywords that only Python supports, Python's result is tested."""
    problems = macro("json_schema_problems") if is_interpreted(case) else None
    verdicts = [(value, True) for value in case["valid"]] + [(value, False) for value in case["invalid"]]
    assert verdicts
    for value, valid in verdicts:
        expected = reported(case["schema"], value)
        assert (not expected) == valid, f"jsonschema disagrees with the case on {value!r}"
        assert problems is None or problems(case["schema"], value) == expected


def test_each_keyword_of_the_macros_has_cases() -> None:
    refused = [case["schema"] for case in CASES if is_interpreted(case) and case["invalid"]]
    assert not {keyword for keyword in KEYWORDS if f'"{keyword}":' not in json.dumps(refused)}


def test_the_schemas_of_the_package_are_interpreted(macro: Callable[[str], Callable[..., Any]]) -> None:
    for name in ("meta_scheduler_schema", "settings_schema"):
        assert [*not_interpreted(macro(name)())] == []


def test_configs_get_the_same_words_from_both(macro: Callable[[str], Callable[..., Any]]) -> None:
    problems, rules = macro("json_schema_problems"), load_schema("meta_scheduler")
    assert macro("meta_scheduler_schema")() == rules
    verdicts = []
    for value in {repr(value): value for value in _configs(_chance(20250101), 2500)}.values():  # each once
        expected = reported(rules, value)
        assert problems(rules, value) == expected, value
        verdicts.append(not expected)
    assert 100 < sum(verdicts) < 1100  # the generator produces both kinds


def test_generated_schemas_get_the_same_words_from_both(macro: Callable[[str], Callable[..., Any]]) -> None:
    problems, chance = macro("json_schema_problems"), _chance(42)
    verdicts = []
    for _ in range(1500):
        rules = _schema(chance, 3)
        for _ in range(3):
            value = _value(chance, 3)
            expected = reported(rules, value)
            assert problems(rules, value) == expected, (rules, value)
            verdicts.append(not expected)
    assert 500 < sum(verdicts) < 4000


def test_keys_that_only_yaml_knows(macro: Callable[[str], Callable[..., Any]]) -> None:
    problems, rules = macro("json_schema_problems"), load_schema("meta_scheduler")
    for value in (
        {True: 1, None: 2, 3: "x", 1.5: 0},
        {"pipelines": ["a"], "dependencies": {10: "soft", False: "x"}},
    ):
        assert problems(rules, value) == reported(rules, value)


def test_suggestions_are_the_same(macro: Callable[[str], Callable[..., Any]]) -> None:
    in_jinja, chance = macro("suggest"), _chance(7)
    words = [
        *"abc",
        "daily",
        "hourly",
        "weekly",
        "fct_shipments",
        "dim_customers",
        "Ärger",
        "DAILY",
        "",
        "a b",
    ]
    for _ in range(1500):
        candidates = [_misspelt(chance, chance.choice(words)) for _ in range(chance.randrange(6))]
        word = _misspelt(chance, chance.choice(words))
        assert in_jinja(word, candidates) == suggest(word, candidates), (word, candidates)
    very_many = ["daily"] * (MOST_CANDIDATES + 1)  # an entry may contain any number of assets
    assert (suggest("dayly", very_many[1:]), suggest("dayly", very_many)) == ("daily", "")
    assert in_jinja("dayly", very_many) == ""


def test_interpreter_in_a_real_dbt(macro_project: Path) -> None:
    (macro_project / "macros").mkdir(exist_ok=True)
    (macro_project / "macros" / "show.sql").write_text(
        "{% macro show() %}{% do print(tojson(dbt_scheduler.json_schema_problems("
        "dbt_scheduler.meta_scheduler_schema(), {'retries': 'two'}))) %}{% endmacro %}"
    )
    ran = dbt(macro_project, "--quiet", "run-operation", "show")
    (macro_project / "macros" / "show.sql").unlink()
    problem = {
        "path": ["retries"],
        "problem": '"retries" must be an integer, not "two"',
        "hint": "for example 2",
    }
    assert ran.returncode == 0, ran.stdout
    assert json.loads(ran.stdout) == [problem]


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same values on every run, and nothing secret


def _configs(chance: random.Random, count: int) -> Iterator[Any]:
    """Configs that users might write: most keys right, some misspelled, some values with a wrong type."""
    fitting: dict[str, list[Any]] = {
        "pipelines": [["daily"], ["hourly", "daily"], [], ["daily", "daily"], [""], "daily", [3, True]],
        "group": ["dimensions", "a b", "x" * 201, "x\n", "", 7, None],
        "owners": [["@some.owner.team"], [], ["a", "a", "b"], "@some.owner.team", [["a"], ["a"]], [None]],
        "retries": [0, 3, 2.0, -1, 1.5, True, "two", None, 1e30],
        "timeout": [
            {"minutes": 45},
            {"hours": 1, "minutes": 30},
            {},
            {"hour": 2},
            {"days": -1},
            "2h",
            630,
            None,
        ],
        "dependencies": [{"fct_shipments": "soft"}, {"a": "hrad", "b": None}, {}, ["a"], {"a": ["soft"]}],
    }
    for _ in range(count):
        if chance.random() < 0.02:
            yield chance.choice([None, "daily", ["daily"], 3, True, 1.5, []])
            continue
        config = {}
        for key, values in fitting.items():
            if chance.random() < 0.4:
                name = _misspelt(chance, key) if chance.random() < 0.1 else key
                config[name] = values[0] if chance.random() < 0.6 else chance.choice(values)
        yield config


def _misspelt(chance: random.Random, word: str) -> str:
    at = chance.randrange(len(word) + 1)
    return chance.choice(
        [word, word[:at] + word[at + 1 :], word[:at] + "xe_"[at % 3] + word[at:], word.upper()]
    )


def _value(chance: random.Random, depth: int) -> Any:
    scalars = [None, True, False, 0, 1, 2, 1.0, 2.5, -3, "", "a", "b", "ab", "abc", "b\n", "1"]
    kind = chance.random()
    if depth == 0 or kind < 0.45:
        return chance.choice(scalars)
    if kind < 0.7:
        return [_value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {chance.choice("abcd"): _value(chance, depth - 1) for _ in range(chance.randrange(4))}


def _schema(chance: random.Random, depth: int) -> Any:
    """A schema with a few random keywords; its references all point to one definition without references."""

    def below() -> Any:
        return _schema(chance, depth - 1)

    kinds = ["string", "integer", "number", "boolean", "array", "object", "null"]
    leaves: dict[str, Callable[[], Any]] = {
        "type": lambda: chance.choice(
            [chance.choice(kinds), chance.sample(kinds, 2), chance.sample(kinds, 3)]
        ),
        "enum": lambda: [_value(chance, 2) for _ in range(1 + chance.randrange(3))],
        "minimum": lambda: chance.choice([0, 1, 1.5]),
        "maximum": lambda: chance.choice([1, 2.5, 4]),
        "minLength": lambda: chance.randrange(3),
        "maxLength": lambda: chance.randrange(3),
        "pattern": lambda: chance.choice(["^a", "b$", "b", "^[a-z]+$"]),
        "minItems": lambda: chance.randrange(3),
        "uniqueItems": lambda: True,
        "minProperties": lambda: chance.randrange(3),
        "examples": lambda: [_value(chance, 2)],
    }
    deeper: dict[str, Callable[[], Any]] = {
        "properties": lambda: {key: below() for key in chance.sample("abcd", 2)},
        "additionalProperties": lambda: chance.choice([False, below()]),
        "items": below,
        "not": below,
        "$ref": lambda: "#/$defs/shared",
    }
    known = leaves | deeper if depth else leaves
    assert known.keys() - {"examples"} <= set(KEYWORDS)
    keywords = chance.sample(list(known), 1 + chance.randrange(4))
    rules = {keyword: known[keyword]() for keyword in keywords}
    if depth == 3:
        shared = {"type": ["string", "object"], "maxLength": 1, "properties": {"a": {"type": "integer"}}}
        rules["$defs"] = {"shared": shared}
    return rules

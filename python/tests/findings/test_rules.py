"""The rules: each has a unique code, is used in the code, and is expected in a test."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbt_scheduler.checks import Check, checks, rules

TOP = Path(__file__).parents[3]
SOURCE = TOP / "python" / "src" / "dbt_scheduler"
CODE = re.compile(r"\bSCH\d{3}\b")


def texts(*patterns: str) -> Iterator[tuple[Path, str]]:
    for pattern in patterns:
        for path in sorted(TOP.glob(pattern)):
            yield path, path.read_text()


def uses() -> set[str]:
    """The rules that the code uses, by their names, not counting definitions and imports."""
    return {
        node.id
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def in_macros() -> set[str]:
    hand_written = (path for path in (TOP / "macros").rglob("*.sql") if path.parent.name != "generated")
    return {code for path in hand_written for code in CODE.findall(path.read_text())}


def expected() -> set[str]:
    """The codes in the expected output of tests."""
    files = texts("integration_tests/**/expected*.*", "integration_tests/**/*.txt", "python/tests/**/*.py")
    return {code for path, text in files if path != Path(__file__) for code in CODE.findall(text)}


def test_every_code_that_is_written_anywhere_is_a_rules() -> None:
    files = texts("python/src/**/*.py", "macros/**/*.sql", "docs/*.md", "schemas/*.json", "README.md")
    unknown = {
        (str(path), code) for path, text in files for code in CODE.findall(text) if code not in rules()
    }
    assert unknown == set()


def test_a_code_is_the_name_and_the_definition_of_one_rule() -> None:
    defined = [
        (target.id, ast.literal_eval(next(each.value for each in node.value.keywords if each.arg == "code")))
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if isinstance(node.value.func, ast.Name) and node.value.func.id == "Rule"
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert [name for name, _ in defined] == [code for _, code in defined]
    assert sorted(code for _, code in defined) == [*rules()]


def test_every_rule_is_used() -> None:
    assert rules().keys() - uses() - in_macros() == set()


def test_every_rule_is_in_what_a_test_expects() -> None:
    assert rules().keys() - expected() == set()


def test_the_macros_find_the_rules_marked_for_them() -> None:
    assert in_macros() == {code for code, rule in rules().items() if rule.by_macros}


@pytest.mark.parametrize("code", rules())
def test_a_rule_explains_itself(code: str) -> None:
    rule = rules()[code]
    assert all((rule.summary, rule.message, rule.why, rule.example, rule.fix))


@pytest.mark.parametrize("name", checks())
def test_a_check_looks_at_something(name: str) -> None:
    assert checks()[name] != Check()

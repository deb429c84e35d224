"""The order of DAGs that depend on each other."""

import pytest

from dbt_scheduler.operations.order import in_order

CASES = {
    "nothing": ("", {}, "", False),
    "as given": ("cab", {}, "cab", False),
    "a chain": ("abc", {"a": {"b"}, "b": {"c"}}, "cba", False),
    "a diamond": ("dacb", {"d": {"b", "c"}, "b": {"a"}, "c": {"a"}}, "acbd", False),
    "itself": ("ab", {"a": {"a"}}, "ab", False),
    "what is not there": ("ab", {"a": {"x"}}, "ab", False),
    "a cycle": ("ab", {"a": {"b"}, "b": {"a"}}, "ab", True),
    "before and behind a cycle": (
        "zabc",
        {"z": {"b"}, "a": {"b", "c"}, "b": {"a"}},
        "cabz",
        True,
    ),
    "two cycles": ("dcba", {"a": {"b"}, "b": {"a"}, "c": {"d", "a"}, "d": {"c"}}, "dbac", True),
}


@pytest.mark.parametrize(("items", "needs", "order", "circular"), CASES.values(), ids=CASES)
def test_in_order(items, needs, order, circular):
    found, cycle = in_order(items, needs)
    assert ("".join(found), cycle) == (order, circular)

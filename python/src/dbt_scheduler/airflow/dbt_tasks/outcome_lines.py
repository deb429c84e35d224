"""A dbt task's results in its log: compiled code in collapsible groups, then a few lines."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from dbt_scheduler.airflow.dbt_tasks.outcome import STATUSES, FailedTest, Node, Outcome, Result, printable
from dbt_scheduler.findings.plural import plural

Line: TypeAlias = tuple[int, str]
"""The level and the text of a log entry."""

_LONGEST_CODE = 50_000
_MOST_GROUPS = 5
_LEVELS = {
    "warn": logging.WARNING,
    "fail": logging.ERROR,
    "error": logging.ERROR,
    "partial success": logging.ERROR,
}
_TESTS = dict(zip(STATUSES, ("passed", "warned", "failed", "with an error", "skipped"), strict=True))


def lines(results: Sequence[Result], outcome: Outcome) -> Iterator[Line]:
    """The log entries in order. No text from a project can start or end a log group."""
    yield from _groups(results)
    if outcome.node:
        yield _LEVELS.get(outcome.node.status, logging.INFO), f"dbt: {', '.join(_node(outcome.node))}"
    if any(outcome.tests.values()):
        counts = [f"{count} {_TESTS[status]}" for status, count in outcome.tests.items() if count]
        yield logging.INFO, f"dbt: tests: {', '.join(counts)}"
    for test in outcome.failed_tests:
        yield _LEVELS[test.status], f"dbt: {_test(test)}"
    if outcome.failed_tests_left_out:
        yield logging.INFO, f"dbt: {_count(outcome.failed_tests_left_out, 'more test')} did not pass"


def _groups(results: Iterable[Result]) -> Iterator[Line]:
    built = [(f"Compiled code for {each.unique_id}", each.code) for each in results if each.is_node]
    failed = [
        (f"Query for the failing rows of {each.name}", each.query)
        for each in results
        if each.is_test_not_passed
    ]
    for title, code in (*built, *failed[:_MOST_GROUPS]):
        if code:
            yield logging.INFO, f"::group::{printable(title)}"
            yield logging.INFO, _cut(printable(code))
            yield logging.INFO, "::endgroup::"


def _cut(code: str) -> str:
    left = len(code) - _LONGEST_CODE
    return f"{code[:_LONGEST_CODE]}\n... {_count(left, 'more character')}" if left > 0 else code


def _node(node: Node) -> Iterator[str]:
    yield f"{node.unique_id}: {node.status}"
    if node.message:
        yield node.message
    if node.relation:
        yield node.relation
    if node.rows_affected is not None:
        yield f"{_count(node.rows_affected, 'row')} affected"
    if node.bytes_processed is not None:
        yield f"{node.bytes_processed:,} bytes processed"
    if node.slot_ms is not None:
        yield f"{node.slot_ms / 1000:.1f} s of slot time"
    if node.batches_succeeded is not None:
        yield f"{node.batches_succeeded} of {node.batches_succeeded + (node.batches_failed or 0)} batches"
    if node.compile_seconds is not None:
        yield f"compiled in {node.compile_seconds:.2f} s"
    if node.execute_seconds is not None:
        yield f"executed in {node.execute_seconds:.2f} s"


def _test(test: FailedTest) -> str:
    count = "" if test.failures is None else f", {_count(test.failures, 'row')}"
    said = f": {test.message}" if test.message and test.status == "error" else ""
    query = f": {test.query}" if test.query and "\n" not in test.query else ""
    return f"{test.name}: {test.status}{count}{said or query}"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {plural(noun, count)}"

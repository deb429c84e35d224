"""A dbt task's results in the XCom ``dbt_outcome``, with limits on its size."""

import json
import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from dbt_scheduler.findings.printable import one_line

KEY = "dbt_outcome"
"""The XCom's key."""

STATUSES = ("pass", "warn", "fail", "error", "skipped")
"""The statuses of tests in dbt."""

_NOT_PASSED = ("warn", "fail", "error")
_MOST_TESTS = 5
_MOST_BYTES = 4096
_LONGEST_TEXT = 200
_LONGEST_QUERY = 1000
_GROUP = re.compile(r"::(?=(end)?group::)")


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """dbt's result of one node, as the plugin in dbt's process writes it.

    ``batches`` are the numbers of successful and failed ones; ``code`` is the compiled code; ``stored``: the rows that
    fail a test are in its ``relation``.
    """

    unique_id: str
    name: str
    is_test: bool
    status: str
    message: str | None
    failures: int | None
    relation: str | None
    stored: bool
    rows_affected: int | None
    bytes_processed: int | None
    slot_ms: int | None
    compile_seconds: float | None
    execute_seconds: float | None
    batches: tuple[int, int] | None
    code: str | None

    @property
    def is_node(self) -> bool:
        """Whether it is neither a test nor a hook of the project."""
        return not self.is_test and not self.unique_id.startswith("operation.")

    @property
    def is_test_not_passed(self) -> bool:
        """Whether it is a test with a warning, a failure or an error."""
        return self.is_test and self.status in _NOT_PASSED

    @property
    def query(self) -> str | None:
        """The query of the rows that fail the test; None if unknown."""
        if self.stored and self.relation:
            return f"select * from {self.relation}"  # noqa: S608 - only displayed, as dbt itself does
        return self.code


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """The node that a task builds, in the XCom. None means unknown; a success has no ``message``."""

    unique_id: str
    status: str
    message: str | None
    relation: str | None
    rows_affected: int | None
    bytes_processed: int | None
    slot_ms: int | None
    compile_seconds: float | None
    execute_seconds: float | None
    batches_succeeded: int | None
    batches_failed: int | None


class FailedTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test that did not pass, in the XCom: its status, the number of failing rows, and their query.

    ``query`` is None if it is long, and then only in the task's log.
    """

    name: str
    status: str
    failures: int | None
    message: str | None
    query: str | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The XCom: the ``node``, None for a task with tests only, and the number of ``tests`` by each of ``STATUSES``.

    ``failed_tests`` are the first ones that warned, failed or had an error; ``failed_tests_left_out`` counts the
    others.
    """

    node: Node | None
    tests: dict[str, int]
    failed_tests: tuple[FailedTest, ...]
    failed_tests_left_out: int


def outcome(results: Iterable[Result]) -> Outcome:
    """The outcome of a task, limited to a few thousand bytes and without control characters."""
    results = [*results]
    counts = Counter(each.status for each in results if each.is_test)
    failed = [each for each in results if each.is_test_not_passed]
    kept = [_failed_test(each) for each in failed[:_MOST_TESTS]]
    while len(json.dumps(msgspec.to_builtins(kept))) > _MOST_BYTES:
        kept.pop()
    return Outcome(
        node=next((_node(each) for each in results if each.is_node), None),
        tests={status: counts[status] for status in STATUSES},
        failed_tests=tuple(kept),
        failed_tests_left_out=len(failed) - len(kept),
    )


def printable(text: str) -> str:
    """The text with its line breaks, without anything that a terminal, a CI log or Airflow's log view interprets."""
    return "\n".join(_line(line.rstrip()) for line in text.strip().splitlines())


def _node(result: Result) -> Node:
    succeeded, failed = result.batches or (None, None)
    return Node(
        unique_id=_short(result.unique_id),
        status=_short(result.status),
        message=result.message and _short(result.message) if result.status != "success" else None,
        relation=result.relation and _short(result.relation),
        rows_affected=result.rows_affected,
        bytes_processed=result.bytes_processed,
        slot_ms=result.slot_ms,
        compile_seconds=result.compile_seconds,
        execute_seconds=result.execute_seconds,
        batches_succeeded=succeeded,
        batches_failed=failed,
    )


def _failed_test(result: Result) -> FailedTest:
    query = printable(result.query or "")
    return FailedTest(
        name=_short(result.name),
        status=result.status,
        failures=result.failures,
        message=result.message and _short(result.message),
        query=query if 0 < len(query) <= _LONGEST_QUERY else None,
    )


def _short(text: str) -> str:
    cleaned = _line(text.strip())
    return cleaned if len(cleaned) <= _LONGEST_TEXT else f"{cleaned[: _LONGEST_TEXT - 1]}…"


def _line(text: str) -> str:
    """One line without markers of log groups, which Airflow recognises anywhere in a line."""
    return _GROUP.sub(": :", one_line(text.expandtabs(4)))

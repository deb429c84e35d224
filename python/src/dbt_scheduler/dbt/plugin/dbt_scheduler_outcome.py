# ruff: noqa: ANN401 - what is replaced are methods of dbt, whose types differ between its versions
"""Makes one run of dbt write its results to a file: each node's status, rows, seconds, failures and compiled code.

dbt's own run_results.json cannot serve: dbt writes it only with the whole manifest.json, and the tasks of a project
share one target folder. The replaced methods are those of dbt 1.11. An operator adds this folder to PYTHONPATH, and
sets the variable to the file's path.
"""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dbt.task import run

_FILE = "DBT_SCHEDULER_OUTCOME"
_SECRETS = "DBT_ENV_SECRET"
_MASK = "*****"
_TESTS = ("test", "unit_test")
_LONGEST_CODE = 200_000
_LONGEST_TEXT = 5_000

_BATCHES: dict[str, list[Any]] = defaultdict(list)
"""The results of the batches of microbatch models: dbt adds up only their number."""


def _install() -> None:
    run.RunTask.print_results_line = _print_results_line(run.RunTask.print_results_line)
    batched: Any = getattr(run, "MicrobatchModelRunner", None)
    if hasattr(batched, "merge_batch_results"):
        batched.merge_batch_results = _merge_batch_results(batched.merge_batch_results)


def _print_results_line(theirs: Any) -> Any:
    """Called last by dbt, with all results, also after an interrupt."""

    def print_results_line(task: Any, results: Iterable[Any], execution_time: Any) -> None:
        try:
            written = json.dumps([_entry(result) for result in results if hasattr(result, "node")])
            Path(os.environ[_FILE]).write_text(written, "utf-8")
        except Exception as error:  # noqa: BLE001 - the build must not fail because its results cannot be recorded
            sys.stderr.write(
                f"dbt-scheduler could not collect dbt's results: {type(error).__name__}: {error}\n"
            )
        theirs(task, results, execution_time)

    return print_results_line


def _merge_batch_results(theirs: Any) -> Any:
    def merge_batch_results(runner: Any, result: Any, batch_results: list[Any]) -> None:
        _BATCHES[result.node.unique_id] += batch_results
        theirs(runner, result, batch_results)

    return merge_batch_results


def _entry(result: Any) -> dict[str, Any]:
    node, batches = result.node, getattr(result, "batch_results", None)
    parts = _BATCHES.get(node.unique_id) or [result]
    code = getattr(parts[-1].node, "compiled_code", None)
    return {
        "unique_id": node.unique_id,
        "name": node.name,
        "is_test": node.resource_type in _TESTS,
        "status": result.status.value,
        "message": _text(result.message, _LONGEST_TEXT),
        "failures": result.failures,
        "relation": _text(getattr(node, "relation_name", None), _LONGEST_TEXT),
        "stored": bool(getattr(node, "should_store_failures", False)),
        "rows_affected": _sum(parts, "rows_affected"),
        "bytes_processed": _sum(parts, "bytes_processed"),
        "slot_ms": _sum(parts, "slot_ms"),
        "compile_seconds": _seconds(parts, "compile"),
        "execute_seconds": _seconds(parts, "execute"),
        "batches": [len(batches.successful), len(batches.failed)] if batches else None,
        "code": _text(code, _LONGEST_CODE),
    }


def _sum(results: Iterable[Any], name: str) -> int | None:
    """The sum of what the adapter reports for each statement; None if it reports nothing."""
    said = [(result.adapter_response or {}).get(name) for result in results]
    # Some drivers return -1 for unknown.
    counts = [count for count in said if isinstance(count, int) and count >= 0]
    return sum(counts) if counts else None


def _seconds(results: Iterable[Any], name: str) -> float | None:
    """The duration of a phase in all results; None if no result has it."""
    spans = [
        (timing.completed_at - timing.started_at).total_seconds()
        for result in results
        for timing in result.timing
        if timing.name == name and timing.started_at and timing.completed_at
    ]
    return round(sum(spans), 3) if spans else None


def _text(text: Any, longest: int) -> str | None:
    """The text with dbt's secrets masked, as in dbt's own log, and truncated; None for anything but a string."""
    if not isinstance(text, str):
        return None
    shown: str = text
    for name, value in os.environ.items():
        if name.startswith(_SECRETS) and value.strip():
            shown = shown.replace(value, _MASK)
    return shown[:longest]


if _FILE in os.environ:
    _install()

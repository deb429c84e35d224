# ruff: noqa: ANN401 - what is replaced are methods of dbt, whose types differ between its versions
"""Makes one run of dbt skip the project's own on-run-start and on-run-end hooks, or run only these.

dbt has no option for this, but at start it imports every module on its path whose name begins with ``dbt_``. An
operator adds this folder to PYTHONPATH and sets the variables below. Hooks of packages run as usual, unless only the
project's own run. Works with dbt 1.8 to 1.12.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dbt.artifacts.schemas.results import RunStatus, TestStatus, TimingInfo
from dbt.artifacts.schemas.run import RunResult
from dbt.task.run import RunTask
from dbt_common.exceptions import DbtRuntimeError

_HOOKS = "DBT_SCHEDULER_HOOKS"
"""``none``, or the hooks to run: ``on-run-start`` or ``on-run-end``."""

_GIVEN, _RESULTS = "DBT_SCHEDULER_GIVEN_RESULTS", "DBT_SCHEDULER_RESULTS"
"""Two files: the ``results`` for on-run-end hooks if nothing else runs, and the results of this invocation."""

_REPLACED = ("get_hooks_by_type", "_runtime_initialize", "execute_nodes", "after_run")
_TESTS = ("test", "unit_test")
_SAME = ("thread_id", "execution_time", "adapter_response", "message", "failures")


def _install() -> None:
    lacking = [name for name in _REPLACED if not hasattr(RunTask, name)]
    if lacking:
        raise DbtRuntimeError(
            f"This dbt version has no RunTask.{lacking[0]}, so dbt-scheduler cannot control when the "
            "project's on-run-start and on-run-end hooks run. Set `project_hooks: every_task` in "
            "platform.yaml or scheduler.yaml."
        )
    for name in _REPLACED:
        setattr(RunTask, name, globals()[f"_{name.lstrip('_')}"](getattr(RunTask, name)))


def _get_hooks_by_type(theirs: Any) -> Any:
    def get_hooks_by_type(task: RunTask, hook_type: Any) -> list[Any]:
        wanted = os.environ.get(_HOOKS)
        found: list[Any] = theirs(task, hook_type)
        if wanted is None:
            return found
        own = [hook for hook in found if hook.package_name == task.config.project_name]
        if wanted == "none":
            return [hook for hook in found if hook not in own]
        return own if wanted == hook_type.value else []

    return get_hooks_by_type


def _runtime_initialize(theirs: Any) -> Any:
    def runtime_initialize(task: Any) -> None:
        theirs(task)
        if _only_hooks() and not task._flattened_nodes:
            # dbt runs no hooks if nothing is selected, so a placeholder that is no node is selected.
            task._flattened_nodes = [SimpleNamespace(unique_id="")]

    return runtime_initialize


def _execute_nodes(theirs: Any) -> Any:
    def execute_nodes(task: RunTask) -> Any:
        return [*_read_results(task)] if _only_hooks() else theirs(task)

    return execute_nodes


def _after_run(theirs: Any) -> Any:
    def after_run(task: RunTask, adapter: Any, results: Iterable[RunResult]) -> None:
        if _RESULTS in os.environ:
            done = [_as_json(result) for result in results]
            Path(os.environ[_RESULTS]).write_text(json.dumps(done, default=str), "utf-8")
        theirs(task, adapter, results)

    return after_run


def _only_hooks() -> bool:
    return os.environ.get(_HOOKS, "none") != "none"


def _as_json(result: RunResult) -> dict[str, Any]:
    """A result as in run_results.json, without compiled code."""
    batches = getattr(result, "batch_results", None)
    return {
        **{name: getattr(result, name) for name in _SAME},
        "unique_id": result.node.unique_id,
        "status": result.status.value,
        "timing": [timing.to_dict() for timing in result.timing],
        "batch_results": batches.to_dict() if batches else None,
    }


def _read_results(task: RunTask) -> Iterator[RunResult]:
    """The results of other invocations, in execution order, without nodes that this project does not have."""
    manifest: Any = task.manifest
    entries = json.loads(Path(os.environ[_GIVEN]).read_text("utf-8"))
    for entry in sorted(entries, key=_end):
        unique_id = entry["unique_id"]
        node = manifest.nodes.get(unique_id) or getattr(manifest, "functions", {}).get(unique_id)
        if node is None:
            continue
        status = TestStatus if node.resource_type in _TESTS else RunStatus
        batches: dict[str, Any] = {}
        if entry["batch_results"]:
            from dbt.artifacts.schemas.batch_results import BatchResults  # noqa: PLC0415 - dbt 1.9 and newer

            batches = {"batch_results": BatchResults.from_dict(entry["batch_results"])}
        yield RunResult(
            **{name: entry[name] for name in _SAME},
            status=status(entry["status"]),
            timing=[TimingInfo.from_dict(timing) for timing in entry["timing"]],
            node=node,
            **batches,
        )


def _end(entry: dict[str, Any]) -> str:
    return max((timing.get("completed_at") or "" for timing in entry["timing"]), default="")


if _HOOKS in os.environ:
    _install()

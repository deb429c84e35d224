# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The operator of dbt tasks: a command that has to find what it selects, and builds what it has to."""

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import Any

from airflow.sdk import Context

from dbt_scheduler.airflow.compat import AirflowException, AirflowFailException
from dbt_scheduler.airflow.dbt_slices import (
    has_slices,
    is_of_this_environment,
    runner_of,
    runs_nodes,
    with_slice_of,
)
from dbt_scheduler.airflow.forked import ForkedProcess
from dbt_scheduler.airflow.intervals import EVENT_TIME
from dbt_scheduler.airflow.operators import CommandOperator, Ended, Process
from dbt_scheduler.airflow.project_hooks import exchange, keep, kept, require_plugin
from dbt_scheduler.airflow.task_state import forget, recall, remember
from dbt_scheduler.dbt_paths import writable_paths

# dbt's own words for its events NoNodesForSelectionCriteria and NothingToDo, in whatever format it logs.
_SELECTED_NOTHING = re.compile(
    r"The selection criterion '.+?' does not match any enabled nodes"
    r"|Nothing to do\. Try checking your model configs"
)
# What the compiler's table check says.
_NO_TABLE = re.compile(r"the table does not exist yet; begin: ([\dT:. +-]+);")
_BEGIN = "begin"
_WARM = "dbt_scheduler.dbt.warm"
_NOT_PRELOADED = (
    "This worker has not loaded dbt when it started, so that each task does. "
    "`import dbt_scheduler.airflow.preload` in airflow_local_settings.py would have it do so."
)


class DbtOperator(CommandOperator):
    """Runs dbt, and fails where dbt selects nothing, which dbt itself takes for a success.

    A task of a microbatch model has a window in its environment, and a ``table_check``: a command that fails if
    the model's table does not exist. The task then builds the table from the model's ``begin`` until now, not only
    the run's window. A try that does not finish that leaves a table with holes, so that the next one does it again.

    With ``project_hooks`` dbt runs only this kind of the project's own hooks, or ``none``. What dbt did is kept
    with ``keep_results``, for on-run-end hooks: they get it from the tasks that ``results_of`` names.

    What dbt did to its node and in its tests ends the log, and is the XCom ``dbt_outcome``, also when the task fails.

    Where the project has been sliced it runs from slices: as a process of its own, or with ``preload`` in a fork of
    this one, which has imported dbt already where a worker does so when it starts.
    """

    template_fields: Sequence[str] = (
        *CommandOperator.template_fields,
        "table_check",
        "project_hooks",
        "results_of",
    )

    def __init__(
        self,
        *,
        table_check: list[str] | None = None,
        project_hooks: str | None = None,
        keep_results: bool = False,
        results_of: Sequence[str] = (),
        preload: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table_check = table_check or []
        self.project_hooks = project_hooks
        self.keep_results = keep_results
        self.results_of = list(results_of)
        self.preload = preload

    def execute(self, context: Context) -> None:
        """Run the command; AirflowException when it fails or finds nothing to do."""
        begin = self._begin(context) if self.table_check and self.env.get("DBT_EVENT_TIME_START") else None
        if begin is None:
            self._build(context)
            return
        self.env = _all_since(begin, self.env)
        try:
            self._build(context)
        except AirflowException as error:
            if recall(context, _BEGIN):
                raise
            raise AirflowFailException(
                f"{error}\nThe table was not built from its begin to its end: run this with full_refresh."
            ) from None
        forget(context, _BEGIN)

    def _run(
        self, command: list[str], watched: re.Pattern[str] | None = None, env: dict[str, str] | None = None
    ) -> Ended:
        own = self.env if env is None else env
        with writable_paths(self._folder, self._environment(own)) as added:
            if added:
                self.log.info("dbt writes to a temporary folder, because it cannot write to %s", self._folder)
            return super()._run(command, watched, {**own, **added})

    def _start(self, command: list[str], environment: dict[str, str]) -> Process:
        if not has_slices(self._folder, command):
            return super()._start(command, environment)
        runner = runner_of(command[0], environment.get("PATH"))
        if runner is None:
            self.log.info(
                "Not run from a slice: dbt-scheduler is not installed in the environment of %s", command[0]
            )
            return super()._start(command, environment)
        words = with_slice_of(self.command, command)
        if self.preload and is_of_this_environment(runner):
            if _WARM not in sys.modules:
                self.log.info(_NOT_PRELOADED)
            # By its name, because nothing but a task of this kind may import dbt.
            sliced = import_module("dbt_scheduler.dbt.sliced")
            return ForkedProcess(partial(sliced.main, words), self._folder, environment)
        return super()._start([str(runner), *words], environment)

    def _build(self, context: Context) -> None:
        if not runs_nodes(self.command):
            self._call(context, self.env)
            return
        from dbt_scheduler.airflow.dbt_outcome import shown_outcome  # noqa: PLC0415 - not when a DAG is parsed

        with shown_outcome(context, self.env, self.log) as env:
            self._call(context, env)

    def _call(self, context: Context, env: dict[str, str]) -> None:
        if self.project_hooks is None:
            _check(self._run(self.command, _SELECTED_NOTHING, env))
            return
        with exchange(self.project_hooks, kept(context, self.results_of), env) as dbt:
            ended = self._run(self.command, _SELECTED_NOTHING, dbt.env)
            results = dbt.written()
        if results is None and not ended.code:
            require_plugin(self.command[0])
        if results and self.keep_results:
            keep(context, results)
        _check(ended)

    def _begin(self, context: Context) -> str | None:
        """The model's ``begin``, if its table does not exist or an earlier try of this task has not finished it."""
        if begin := recall(context, _BEGIN):
            return begin
        ended = self._run(self.table_check, _NO_TABLE)
        if not ended.seen:
            ended.check()
            return None
        remember(context, _BEGIN, ended.seen[1])
        return ended.seen[1]


def _check(ended: Ended) -> None:
    """AirflowException if dbt failed, or found nothing to do."""
    if ended.seen:
        raise AirflowException(
            f"The DAG and the dbt project differ: {ended.seen[0].rstrip('.')}. Compile the project again, "
            "with the target that its tasks use, and deploy both together."
        )
    ended.check()


def _all_since(begin: str, env: dict[str, str]) -> dict[str, str]:
    """The environment with a window that reaches from ``begin`` to now, and holds the run's own in any case."""
    start, end = env["DBT_EVENT_TIME_START"], env["DBT_EVENT_TIME_END"]
    first = datetime.fromisoformat(begin).strftime(EVENT_TIME)
    now = datetime.now(UTC).strftime(EVENT_TIME)
    return {**env, "DBT_EVENT_TIME_START": min(start, first), "DBT_EVENT_TIME_END": max(end, now)}

# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""What all dbt tasks do, wherever dbt runs: fail if nothing is selected, and set windows of microbatch models."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import BaseOperator, Context

from dbt_scheduler.airflow.compat import AirflowException, AirflowFailException
from dbt_scheduler.airflow.dbt_tasks.project_hooks import exchange, keep, kept, require_plugin
from dbt_scheduler.airflow.dbt_tasks.slices import runs_nodes
from dbt_scheduler.airflow.intervals import EVENT_TIME
from dbt_scheduler.airflow.operators import Ended
from dbt_scheduler.airflow.task_state import forget, recall, remember

# The messages of dbt's events NoNodesForSelectionCriteria and NothingToDo, in any log format.
_SELECTED_NOTHING = re.compile(
    r"The selection criterion '.+?' does not match any enabled nodes"
    r"|Nothing to do\. Try checking your model configs"
)
# The message of the compiler's table check.
_NO_TABLE = re.compile(r"the table does not exist yet; begin: ([\dT:. +-]+);")
_BEGIN = "begin"

DBT_FIELDS = ("table_check", "project_hooks", "results_of")
"""The template fields of every dbt operator, in addition to those of a command."""


class DbtRuns(BaseOperator):
    """Runs dbt by the other base class, and fails if dbt selects nothing, which is a success for dbt itself.

    The task of a microbatch model has a window in its environment, and a ``table_check``: a command that fails if the
    model's table does not exist. The task then builds the table from the model's ``begin`` until now, instead of only
    the run's window. A try that fails then leaves a table with gaps, so the next try does the same again.

    With ``project_hooks``, dbt runs only this kind of the project's own hooks, or ``none``. With ``keep_results``,
    dbt's results are kept for on-run-end hooks, which get those of the tasks in ``results_of``.

    dbt's results of the node and its tests are the end of the log, and the XCom ``dbt_outcome``, also if the task
    fails.
    """

    command: list[str]
    env: dict[str, str]
    _run: Callable[..., Ended]

    def __init__(
        self,
        *,
        table_check: list[str] | None = None,
        project_hooks: str | None = None,
        keep_results: bool = False,
        results_of: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table_check = table_check or []
        self.project_hooks = project_hooks
        self.keep_results = keep_results
        self.results_of = list(results_of)

    def execute(self, context: Context) -> None:
        """Run the command. Raises AirflowException if it fails or selects nothing."""
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
                f"{error}\nThe table was not fully built from its `begin` date: run the task with full_refresh."
            ) from None
        forget(context, _BEGIN)

    def _build(self, context: Context) -> None:
        if not runs_nodes(self.command):
            self._call(context, self.env)
            return
        from dbt_scheduler.airflow.dbt_tasks.results import shown_outcome  # noqa: PLC0415 - not needed for parsing DAGs

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
        """The model's ``begin`` if its table does not exist, or an earlier try did not complete it; else None."""
        if begin := recall(context, _BEGIN):
            return begin
        ended = self._run(self.table_check, _NO_TABLE)
        if not ended.seen:
            ended.check()
            return None
        remember(context, _BEGIN, ended.seen[1])
        return ended.seen[1]


def _check(ended: Ended) -> None:
    """Raise AirflowException if dbt failed, or selected nothing."""
    if ended.seen:
        raise AirflowException(
            f"The DAG does not match the dbt project: {ended.seen[0].rstrip('.')}. Compile the project "
            "again, with the target that its tasks use, and deploy both together."
        )
    ended.check()


def _all_since(begin: str, env: dict[str, str]) -> dict[str, str]:
    """The environment with the window extended to reach from ``begin`` to now."""
    start, end = env["DBT_EVENT_TIME_START"], env["DBT_EVENT_TIME_END"]
    first = datetime.fromisoformat(begin).strftime(EVENT_TIME)
    now = datetime.now(UTC).strftime(EVENT_TIME)
    return {**env, "DBT_EVENT_TIME_START": min(start, first), "DBT_EVENT_TIME_END": max(end, now)}

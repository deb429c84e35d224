# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The operator of dbt tasks: a command that has to find what it selects, and builds what it has to."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context

from dbt_scheduler.airflow.compat import AirflowException, AirflowFailException
from dbt_scheduler.airflow.operators import CommandOperator
from dbt_scheduler.airflow.task_state import forget, recall, remember

# dbt's own words for its events NoNodesForSelectionCriteria and NothingToDo, in whatever format it logs.
_SELECTED_NOTHING = re.compile(
    r"The selection criterion '.+?' does not match any enabled nodes"
    r"|Nothing to do\. Try checking your model configs"
)
# What the compiler's table check says.
_NO_TABLE = re.compile(r"the table does not exist yet; begin: ([\dT:. +-]+);")
_EVENT_TIME = "%Y-%m-%dT%H:%M:%S"
_BEGIN = "begin"


class DbtOperator(CommandOperator):
    """Runs dbt, and fails where dbt selects nothing, which dbt itself takes for a success.

    A task of a microbatch model has a window in its environment, and a ``table_check``: a command that fails if
    the model's table does not exist. The task then builds the table from the model's ``begin`` until now, not only
    the run's window. A try that does not finish that leaves a table with holes, so that the next one does it again.
    """

    template_fields: Sequence[str] = (*CommandOperator.template_fields, "table_check")

    def __init__(self, *, table_check: list[str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table_check = table_check or []

    def execute(self, context: Context) -> None:
        """Run the command; AirflowException when it fails or finds nothing to do."""
        begin = self._begin(context) if self.table_check and self.env.get("DBT_EVENT_TIME_START") else None
        if begin is None:
            self._build()
            return
        self.env = _all_since(begin, self.env)
        try:
            self._build()
        except AirflowException as error:
            if recall(context, _BEGIN):
                raise
            raise AirflowFailException(
                f"{error}\nThe table was not built from its begin to its end: run this with full_refresh."
            ) from None
        forget(context, _BEGIN)

    def _build(self) -> None:
        ended = self._run(self.command, _SELECTED_NOTHING)
        if ended.seen:
            raise AirflowException(
                f"The DAG and the dbt project differ: {ended.seen[0].rstrip('.')}. Compile the project again, "
                "with the target that its tasks use, and deploy both together."
            )
        ended.check()

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


def _all_since(begin: str, env: dict[str, str]) -> dict[str, str]:
    """The environment with a window that reaches from ``begin`` to now, and holds the run's own in any case."""
    start, end = env["DBT_EVENT_TIME_START"], env["DBT_EVENT_TIME_END"]
    first = datetime.fromisoformat(begin).strftime(_EVENT_TIME)
    now = datetime.now(UTC).strftime(_EVENT_TIME)
    return {**env, "DBT_EVENT_TIME_START": min(start, first), "DBT_EVENT_TIME_END": max(end, now)}

# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The operator of dbt tasks that run on the worker."""

import re
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import Any

from dbt_scheduler.airflow.dbt_tasks.runs import DBT_FIELDS, DbtRuns
from dbt_scheduler.airflow.dbt_tasks.slices import (
    has_slices,
    is_of_this_environment,
    runner_of,
    with_slice_of,
)
from dbt_scheduler.airflow.forked import ForkedProcess
from dbt_scheduler.airflow.operators import CommandOperator, Ended, Process
from dbt_scheduler.dbt_paths import writable_paths

_WARM = "dbt_scheduler.dbt.warm"
_NOT_PRELOADED = (
    "This worker did not preload dbt, so each task imports it. To preload it, add `import "
    "dbt_scheduler.airflow.preload` to airflow_local_settings.py."
)


class DbtOperator(DbtRuns, CommandOperator):
    """Runs dbt on the worker, from slices if the project has been sliced.

    dbt runs in its own process, or with ``preload`` in a fork of this one, which has imported dbt if the worker
    preloads it.
    """

    template_fields: Sequence[str] = (*CommandOperator.template_fields, *DBT_FIELDS)

    def __init__(self, *, preload: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.preload = preload

    def _run(
        self, command: list[str], watched: re.Pattern[str] | None = None, env: dict[str, str] | None = None
    ) -> Ended:
        own = self.env if env is None else env
        with writable_paths(self._folder, self._environment(own)) as added:
            if added:
                self.log.info("dbt writes to a temporary folder, because %s is not writable", self._folder)
            return super()._run(command, watched, {**own, **added})

    def _start(self, command: list[str], environment: dict[str, str]) -> Process:
        if not has_slices(self._folder, command):
            return super()._start(command, environment)
        runner = runner_of(command[0], environment.get("PATH"))
        if runner is None:
            self.log.info(
                "Not running from a slice: dbt-scheduler is not installed in the environment of %s",
                command[0],
            )
            return super()._start(command, environment)
        words = with_slice_of(self.command, command)
        if self.preload and is_of_this_environment(runner):
            if _WARM not in sys.modules:
                self.log.info(_NOT_PRELOADED)
            # By name, because only dbt_scheduler.dbt may import dbt.
            sliced = import_module("dbt_scheduler.dbt.sliced")
            return ForkedProcess(partial(sliced.main, words), self._folder, environment)
        return super()._start([str(runner), *words], environment)

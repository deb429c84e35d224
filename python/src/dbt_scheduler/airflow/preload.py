"""``import dbt_scheduler.airflow.preload`` in airflow_local_settings.py: workers import dbt once for all their tasks.

Airflow imports that file in each of its components. Only the processes from which tasks are forked load dbt here: a
scheduler with a LocalExecutor, and a Celery worker.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

from airflow.configuration import conf


def forks_tasks(argv: Sequence[str], executor: str) -> bool:
    """Whether the tasks of an Airflow process with this command line are forks of it."""
    match argv[1:3]:
        case ["scheduler", *_]:
            return "LocalExecutor" in executor
        case ["celery", "worker"]:
            return True
    return False


if forks_tasks(sys.argv, conf.get("core", "executor")):
    import_module("dbt_scheduler.dbt.warm").warm()  # by name, because only dbt_scheduler.dbt may import dbt

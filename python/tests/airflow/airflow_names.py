"""Names of Airflow that only the tests use and that moved; those in the package are in ``dbt_scheduler.airflow.compat``.

Imported from where Airflow 3.2 and later have them, or else from where 3.1 has them.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from airflow import __version__
from airflow.executors.base_executor import BaseExecutor
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.sdk.execution_time import supervisor, task_runner

from older_task_runner import with_exception

AIRFLOW = tuple(map(int, __version__.split(".")[:2]))
"""The release of Airflow that the tests run with, as in (3, 2)."""

if AIRFLOW >= (3, 2):
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.executors.workloads import TaskInstanceDTO
    from airflow.sdk import CronTriggerTimetable
    from airflow.sdk._shared.module_loading import import_string
    from airflow.sdk.exceptions import (
        AirflowTaskTimeout,
        ParamValidationError,
        TaskDeferralTimeout,
        TaskDeferred,
    )
    from airflow.serialization.serialized_objects import DagSerialization
else:
    from airflow.exceptions import AirflowTaskTimeout, ParamValidationError, TaskDeferralTimeout, TaskDeferred
    from airflow.executors.workloads import TaskInstance as TaskInstanceDTO
    from airflow.models.dagbag import DagBag, sync_bag_to_db
    from airflow.serialization.serialized_objects import SerializedDAG as DagSerialization
    from airflow.timetables.trigger import CronTriggerTimetable
    from airflow.utils.module_loading import import_string

if AIRFLOW < (3, 3):
    # # They create an execution API per task, which takes seconds.
    supervisor.in_process_api_server = lru_cache(maxsize=1)(supervisor.in_process_api_server)
    # # Their workers pass the exception to callbacks, but their tasks in this process do not.
    task_runner.finalize = with_exception(task_runner.finalize)

__all__ = [
    "AIRFLOW",
    "AirflowTaskTimeout",
    "CronTriggerTimetable",
    "DagBag",
    "DagSerialization",
    "ParamValidationError",
    "TaskDeferralTimeout",
    "TaskDeferred",
    "TaskInstanceDTO",
    "a_scheduler",
    "import_string",
    "parse_folder",
    "sync_bag_to_db",
]


def parse_folder(folder: Path, bundle: str) -> DagBag:
    """What Airflow's own parser reads from a bundle's folder."""
    name = {"bundle_name": bundle} if AIRFLOW >= (3, 2) else {}
    return DagBag(str(folder), bundle_path=folder, **name)


def a_scheduler(executor: BaseExecutor, **options: Any) -> SchedulerJobRunner:
    """A scheduler with one executor."""
    if AIRFLOW >= (3, 2):
        return SchedulerJobRunner(Job(), executors=[executor], **options)
    return SchedulerJobRunner(Job(executor=executor), **options)

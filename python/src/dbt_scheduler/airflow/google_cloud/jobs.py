# ruff: noqa: ANN401 - Airflow's own signatures, and Google's clients, say Any
"""Common behavior of tasks that are jobs on Google Cloud: start, wait in the triggerer, and clean up."""

import os
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import airflow.providers.google  # noqa: F401 - reports a missing provider when the DAG is parsed; the rest is slow
from airflow.sdk import BaseOperator, Context
from airflow.triggers.base import BaseTrigger
from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.google_cloud.logs import show_log
from dbt_scheduler.airflow.operators import passed
from dbt_scheduler.airflow.task_digest import task_digest
from dbt_scheduler.airflow.task_selection import skip_unless_chosen
from dbt_scheduler.kinds.places import looks_secret

FAIL = "__fail__"
"""The ``next_method`` that Airflow gives a deferred task after a timeout, or a failure of its trigger."""


_NO_PROJECT = (
    "No Google Cloud project: set it in platform.yaml or in the Airflow connection google_cloud_default."
)
_REFUSALS = (GoogleAPIError, GoogleAuthError)


class GoogleJobOperator(BaseOperator):
    """Starts a job and waits for it in the triggerer; the job ends with the task, also after a timeout or by a user.

    A job is found by its task instance alone: what earlier tries left is ended before a new job starts, even if their
    workers were killed. ``pass_env`` names variables of the worker for the job, ``PREFIX_*`` for several.
    """

    service: ClassVar[str]
    leaves_something: ClassVar[bool] = False
    """Whether a finished job must be deleted after a success too."""

    def __init__(
        self,
        *,
        project_id: str | None = None,
        region: str,
        pass_env: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.project_id = project_id
        self.region = region
        self.pass_env = list(pass_env)
        self._starting = False
        self._digest = ""

    def pre_execute(self, context: Context) -> None:
        """Skip the task unless the run includes it. A method, because Airflow stores the source of a hook."""
        skip_unless_chosen(context)

    def execute(self, context: Context) -> None:
        """Start the job and defer. Raises AirflowException if Google Cloud rejects the job, or the task is stopped."""
        trigger = self.started(task_digest(context))
        self.defer(trigger=trigger, method_name="execute_complete", timeout=self.execution_timeout)

    def started(self, digest: str) -> Any:
        """Start the job, or end it if that fails or the task is stopped; returns the trigger that waits for it."""
        self._digest = digest
        self._starting = True
        try:
            self.end_jobs(digest, wait=True)
            trigger = self.start_job(digest)
        except BaseException as error:  # also Airflow's timeout, which is not an Exception
            self._starting = False
            self._end_jobs(digest)
            if isinstance(error, _REFUSALS):
                raise AirflowException(f"{self.service} rejected the job: {error}") from None
            raise
        self._starting = False
        return trigger

    def on_kill(self) -> None:
        """Called by a signal, during ``execute``, which then ends the job itself, or afterwards."""
        if self._starting:
            raise AirflowException("The task was stopped, and its job was cancelled.")
        if self._digest:
            self._end_jobs(self._digest)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """As in Airflow; but ends the job after a timeout, or if its trigger failed."""
        if next_method == FAIL:
            self._end_jobs(task_digest(context))
        return super().resume_execution(next_method, next_kwargs, context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> None:
        """Called with the trigger's event. Raises AirflowException if the job did not succeed."""
        job, error = event["job"], event["error"]
        show_log(self.log_filter(job), job.split("/")[1], self.log)
        error = error and self.explained(job, error)
        if error or self.leaves_something:
            self._end_jobs(task_digest(context))
        if error:
            raise AirflowException(error)

    @property
    @abstractmethod
    def hook(self) -> Any:
        """The provider's hook with the credentials."""

    @cached_property
    def project(self) -> str:
        """The platform's project, or else that of Airflow's connection. Raises AirflowException if neither has one."""
        if found := self.project_id or self.hook.project_id:
            return str(found)
        raise AirflowException(_NO_PROJECT)

    @property
    def parent(self) -> str:
        """The resource name of the region, the parent of jobs."""
        return f"projects/{self.project}/locations/{self.region}"

    @abstractmethod
    def start_job(self, digest: str) -> BaseTrigger:
        """Start the job of the task with this digest; returns the trigger that waits for it. Raises GoogleAPIError."""

    @abstractmethod
    def end_jobs(self, digest: str, *, wait: bool) -> None:
        """End all jobs of the task with this digest; ``wait`` until they have ended. Raises GoogleAPIError."""

    @abstractmethod
    def log_filter(self, job: str) -> str:
        """The filter for a job's entries, in the query language of Cloud Logging."""

    def explained(self, job: str, error: str) -> str:
        """The error of a failed job, with details that its trigger does not know."""
        del job
        return error

    @property
    def timeout_seconds(self) -> int | None:
        """The job's own timeout, independent of Airflow; None without one."""
        timeout = self.execution_timeout
        return None if timeout is None else max(1, round(timeout.total_seconds()))

    def from_the_worker(self) -> dict[str, str]:
        """The variables of the worker for the job. Raises AirflowException if the name of one looks like a secret."""
        found = passed(os.environ, self.pass_env)
        if secret := next(filter(looks_secret, found), None):
            raise AirflowException(
                f"{secret} is not passed to the job, because everyone with permission to view jobs "
                "could read it. Store it in Secret Manager."
            )
        return found

    def _end_jobs(self, digest: str) -> None:
        try:
            self.end_jobs(digest, wait=False)
        except _REFUSALS as error:
            self.log.warning("A job of this task may still be running on %s: %s", self.service, error)

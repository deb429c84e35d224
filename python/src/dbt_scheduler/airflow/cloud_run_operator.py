# ruff: noqa: ANN401 - Google's clients have no types here
"""The operator that runs a task's command in a Cloud Run job."""

import copy
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from google.api_core.exceptions import GoogleAPIError, NotFound

from dbt_scheduler.airflow.cloud_run_trigger import CloudRunTrigger
from dbt_scheduler.airflow.google_cloud.jobs import GoogleJobOperator
from dbt_scheduler.airflow.google_cloud.polls import may_have_ended


class CloudRunOperator(GoogleJobOperator):
    """Creates a job for each task instance, executes it once, and deletes it; its name is derived from the task's."""

    service = "Cloud Run"
    leaves_something = True
    template_fields: Sequence[str] = ("project_id", "region", "job", "pass_env")
    template_fields_renderers = {"job": "json"}  # noqa: RUF012 - as in Airflow

    def __init__(self, *, job: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job

    def start_job(self, digest: str) -> CloudRunTrigger:
        """Create and execute the job; returns the trigger that waits for its execution."""
        name = self._name(digest)
        with self._client("JobsClient") as jobs:
            jobs.create_job(parent=self.parent, job=self._job(), job_id=name).result()
            execution = jobs.run_job(name=f"{self.parent}/jobs/{name}").metadata
        self.log.info("Cloud Run execution %s started; its log: %s", execution.name, execution.log_uri)
        return CloudRunTrigger(execution=execution.name)

    def end_jobs(self, digest: str, *, wait: bool) -> None:
        """Cancel the unfinished executions of the task's job, and delete the job; ``wait`` until both are done."""
        job = f"{self.parent}/jobs/{self._name(digest)}"
        try:
            with self._client("ExecutionsClient") as executions:
                for execution in list(executions.list_executions(parent=job)):
                    if not execution.completion_time:
                        self._cancel(executions, execution.name, wait=wait)
            with self._client("JobsClient") as jobs:
                removed = jobs.delete_job(name=job)
                if wait:
                    removed.result()
        except NotFound:
            return

    def _cancel(self, executions: Any, execution: str, *, wait: bool) -> None:
        self.log.info("Cancelling %s", execution)
        with may_have_ended(self.log):
            cancelled = executions.cancel_execution(name=execution)
            if wait:
                cancelled.result()

    def log_filter(self, job: str) -> str:
        """The log entries of an execution: by its name."""
        *_, execution = job.split("/")
        return f'resource.type="cloud_run_job" labels."run.googleapis.com/execution_name"="{execution}"'

    def explained(self, job: str, error: str) -> str:
        """The error with the exit code, or the signal, of the container."""
        codes = [f"{name} {code}" for name, code in self._ends(job) if code]
        return f"{error} ({', '.join(codes)})" if codes else error

    def exit_code(self, job: str) -> int | None:
        """The exit code of the container of a failed execution; None if there is none."""
        return next((code for name, code in self._ends(job) if code and name == "exit code"), None)

    def _ends(self, job: str) -> list[tuple[str, int]]:
        try:
            with self._client("TasksClient") as tasks:
                ended = [task.last_attempt_result for task in tasks.list_tasks(parent=job)]
        except GoogleAPIError:
            return []
        codes = [("exit code", each.exit_code) for each in ended]
        return codes + [("signal", each.term_signal) for each in ended]

    def _name(self, digest: str) -> str:
        shown = re.sub(r"[^a-z0-9]+", "-", self.task_id.lower()).strip("-")
        return f"dbt-{shown[:30]}-{digest}"

    def _job(self) -> dict[str, Any]:
        """The job with the values that only a worker knows: the timeout and variables of its environment."""
        job = copy.deepcopy(self.job)
        task = job["template"]["template"]
        if self.timeout_seconds:
            task["timeout"] = {"seconds": self.timeout_seconds}
        (container,) = task["containers"]
        own = {each["name"] for each in container["env"]}
        container["env"] += [
            {"name": name, "value": value}
            for name, value in self.from_the_worker().items()
            if name not in own
        ]
        return job

    @cached_property
    def hook(self) -> Any:
        """The provider's hook for Cloud Run jobs."""
        from airflow.providers.google.cloud.hooks.cloud_run import (  # noqa: PLC0415 - not needed for parsing DAGs
            CloudRunHook,
        )

        return CloudRunHook()

    def _client(self, name: str) -> Any:
        """A client, which must be closed: its channel has threads that a process waits for at its end."""
        from google.cloud import run_v2  # noqa: PLC0415 - as above

        options = {
            "credentials": self.hook.get_credentials(),
            "client_options": self.hook.get_client_options(),
        }
        return getattr(run_v2, name)(**options)

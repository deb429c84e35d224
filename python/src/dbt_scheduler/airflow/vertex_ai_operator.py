# ruff: noqa: ANN401 - Google's clients have no types here
"""The operator that runs a task's command in a custom job on Vertex AI."""

import copy
import re
import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from dbt_scheduler.airflow.google_jobs import GoogleJobOperator
from dbt_scheduler.airflow.google_polls import POLL_SECONDS
from dbt_scheduler.airflow.vertex_ai_trigger import ENDED, VertexAiTrigger

_TASK_LABEL = "dbt_scheduler_task"
_LONGEST_NAME = 128
_CONSOLE = "https://console.cloud.google.com/vertex-ai/locations/{region}/training/{id}/cpu?project={project}"


class VertexAiOperator(GoogleJobOperator):
    """Runs a custom job. It has a label of its own for each task instance, by which it is found."""

    service = "Vertex AI"
    template_fields: Sequence[str] = ("project_id", "region", "custom_job", "pass_env")
    template_fields_renderers = {"custom_job": "json"}  # noqa: RUF012 - Airflow's own way to say it

    def __init__(self, *, custom_job: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_job = custom_job

    def start_job(self, digest: str) -> VertexAiTrigger:
        """Create the job, which starts it."""
        job = self._client.create_custom_job(parent=self.parent, custom_job=self._job(digest))
        *_, number = job.name.split("/")
        seen = _CONSOLE.format(region=self.region, id=number, project=self.project)
        self.log.info("Vertex AI runs the job %s: %s", job.name, seen)
        return VertexAiTrigger(job=job.name)

    def end_jobs(self, digest: str, *, wait: bool) -> None:
        """Cancel every job of the task that has not ended."""
        found = self._client.list_custom_jobs(
            request={"parent": self.parent, "filter": f"labels.{_TASK_LABEL}={digest}"}
        )
        for job in [job for job in found if job.state.name not in ENDED]:
            self.log.info("Cancelling the job %s", job.name)
            self._client.cancel_custom_job(name=job.name)
            while wait and self._client.get_custom_job(name=job.name).state.name not in ENDED:
                time.sleep(POLL_SECONDS)

    def _job(self, digest: str) -> dict[str, Any]:
        """The job with what only a task instance knows."""
        job = copy.deepcopy(self.custom_job)
        job["display_name"] = job["display_name"][:_LONGEST_NAME]
        job["labels"] = {**job.get("labels", {}), _TASK_LABEL: digest}
        if self.timeout_seconds:
            job["job_spec"]["scheduling"] = {"timeout": {"seconds": self.timeout_seconds}}
        container = job["job_spec"]["worker_pool_specs"][0]["container_spec"]
        own = {each["name"]: each["value"] for each in container.get("env", ())}
        container["env"] = [
            {"name": name, "value": _as_it_is(value)}
            for name, value in {**self.from_the_worker(), **own}.items()
        ]
        return job

    def log_filter(self, job: str) -> str:
        """By the number of the job."""
        *_, number = job.split("/")
        return f'resource.type="ml_job" resource.labels.job_id="{number}"'

    @cached_property
    def hook(self) -> Any:
        """The provider's hook for custom jobs."""
        from airflow.providers.google.cloud.hooks.vertex_ai.custom_job import (  # noqa: PLC0415 - takes 5 s
            CustomJobHook,
        )

        return CustomJobHook()

    @cached_property
    def _client(self) -> Any:
        return self.hook.get_job_service_client(self.region)


def _as_it_is(text: str) -> str:
    """Text of which Vertex AI makes this text: it replaces ``$(VARIABLE)`` in the value of a variable.

    https://cloud.google.com/vertex-ai/docs/reference/rest/v1/EnvVar
    """
    return re.sub(r"\$+(?=\()", lambda found: found[0] * 2, text)

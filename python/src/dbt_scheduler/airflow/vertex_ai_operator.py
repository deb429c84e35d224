# ruff: noqa: ANN401 - Google's clients have no types here
"""The operator that runs a job on Vertex AI: a custom job, the training of a model, or a pipeline."""

import copy
import re
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from google.api_core.exceptions import GoogleAPIError, NotFound

from dbt_scheduler.airflow.google_cloud.jobs import GoogleJobOperator
from dbt_scheduler.airflow.google_cloud.polls import POLL_SECONDS, may_have_ended
from dbt_scheduler.airflow.google_cloud.vertex_ai_jobs import (
    CUSTOM_JOB,
    PIPELINE_JOB,
    TRAINING_PIPELINE,
    JobType,
    custom_jobs_of,
    has_ended,
    type_of,
)
from dbt_scheduler.airflow.google_cloud.vertex_ai_pipelines import filled, read_pipeline
from dbt_scheduler.airflow.vertex_ai_trigger import VertexAiTrigger

_TASK_LABEL = "dbt_scheduler_task"
_LONGEST_NAME = 128
_CONSOLE = "https://console.cloud.google.com/vertex-ai/locations/{region}/{page}?project={project}"


class VertexAiOperator(GoogleJobOperator):
    """Runs one job, of the type that is given; a label with the task's digest identifies it.

    A ``pipeline_job`` has its pipeline in the file ``template_path``, relative to the DAG file unless it is in Cloud
    Storage. Of the ``offered`` values, it gets those of parameters that it has.
    """

    service = "Vertex AI"
    template_fields: Sequence[str] = (
        *("project_id", "region", "custom_job", "training_pipeline"),
        *("pipeline_job", "template_path", "offered", "pass_env"),
    )
    template_fields_renderers = dict.fromkeys(("custom_job", "training_pipeline", "pipeline_job"), "json")

    def __init__(
        self,
        *,
        custom_job: dict[str, Any] | None = None,
        training_pipeline: dict[str, Any] | None = None,
        pipeline_job: dict[str, Any] | None = None,
        template_path: str = "",
        offered: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_job = custom_job
        self.training_pipeline = training_pipeline
        self.pipeline_job = pipeline_job
        self.template_path = template_path
        self.offered = offered or {}

    def start_job(self, digest: str) -> VertexAiTrigger:
        """Create the job, which starts it."""
        made = {"parent": self.parent, self._type.name: self._job(digest)}
        with self._client() as client:
            job = self._type.call(client, "create", **made)
        *_, number = job.name.split("/")
        page = self._type.page.format(id=number)
        seen = _CONSOLE.format(region=self.region, page=page, project=self.project)
        self.log.info("Vertex AI job %s started: %s", job.name, seen)
        return VertexAiTrigger(job=job.name)

    def end_jobs(self, digest: str, *, wait: bool) -> None:
        """Cancel every unfinished job of the task; ``wait`` until they have ended."""
        with self._client() as client:
            found = self._type.labelled(client, self.parent, f"{_TASK_LABEL}={digest}")
            for job in [job for job in found if not has_ended(job)]:
                self.log.info("Cancelling the job %s", job.name)
                with may_have_ended(self.log):
                    self._type.call(client, "cancel", name=job.name)
                with may_have_ended(self.log):
                    while wait and not has_ended(self._type.call(client, "get", name=job.name)):
                        time.sleep(POLL_SECONDS)

    def log_filter(self, job: str) -> str:
        """By the numbers of the custom jobs that run it, or else by that of the pipeline job."""
        *_, number = job.split("/")
        custom = [job] if self._type is CUSTOM_JOB else self._custom_jobs(job)
        numbers = [f'"{each.split("/")[-1]}"' for each in custom]
        if not numbers:
            return f'resource.labels.pipeline_job_id="{number}"'
        either = numbers[0] if len(numbers) == 1 else f"({' OR '.join(numbers)})"
        return f'resource.type="ml_job" resource.labels.job_id={either}'

    def _custom_jobs(self, job: str) -> list[str]:
        try:
            with self._client() as client:
                return custom_jobs_of(type_of(job).call(client, "get", name=job))
        except GoogleAPIError:
            return []

    def _job(self, digest: str) -> dict[str, Any]:
        """The job with the values that only a task instance knows, such as its label, timeout and variables."""
        job = copy.deepcopy(self.custom_job or self.training_pipeline or self.pipeline_job or {})
        job["display_name"] = job["display_name"][:_LONGEST_NAME]
        job["labels"] = {**job.get("labels", {}), _TASK_LABEL: digest}
        if self._type is PIPELINE_JOB:
            path = self.template_path
            if not path.startswith("gs://"):
                path = str(Path(self.dag.fileloc).parent / path)
            pipeline = read_pipeline(path, self.project, self.hook.get_credentials())
            return filled(pipeline, job, self.offered)
        if self._type is TRAINING_PIPELINE:
            spec = job["training_task_inputs"]
            folder = spec["base_output_directory"]["output_uri_prefix"]
            spec["base_output_directory"]["output_uri_prefix"] = f"{folder}/{digest}"
            self._fill(spec, timeout=f"{self.timeout_seconds}s")
            return {**job, **self._model(job["model_to_upload"]["display_name"])}
        self._fill(job["job_spec"], timeout={"seconds": self.timeout_seconds})
        return job

    def _fill(self, spec: dict[str, Any], timeout: object) -> None:
        """Set the task's timeout in a custom job's spec, and add variables of the worker."""
        if self.timeout_seconds:
            spec["scheduling"] = {"timeout": timeout}
        container = spec["worker_pool_specs"][0]["container_spec"]
        own = {each["name"]: each["value"] for each in container.get("env", ())}
        container["env"] = [
            {"name": name, "value": _as_it_is(value)}
            for name, value in {**self.from_the_worker(), **own}.items()
        ]

    def _model(self, model: str) -> dict[str, str]:
        """The existing model of which a new version is uploaded; if there is none, the id of a new model."""
        from airflow.providers.google.cloud.hooks.vertex_ai.model_service import (  # noqa: PLC0415 - takes 5 s
            ModelServiceHook,
        )

        name = f"{self.parent}/models/{model}"
        try:
            with ModelServiceHook().get_model_service_client(self.region) as client:
                client.get_model(name=name)
        except NotFound:
            return {"model_id": model}
        return {"parent_model": name}

    @property
    def _type(self) -> JobType:
        if self.training_pipeline:
            return TRAINING_PIPELINE
        return PIPELINE_JOB if self.pipeline_job else CUSTOM_JOB

    @cached_property
    def hook(self) -> Any:
        """The provider's hook for custom jobs, which has the clients of all job types."""
        from airflow.providers.google.cloud.hooks.vertex_ai.custom_job import (  # noqa: PLC0415 - takes 5 s
            CustomJobHook,
        )

        return CustomJobHook()

    def _client(self) -> Any:
        """A client, which must be closed: its channel has threads that a process waits for at its end."""
        return self._type.client(self.hook, self.region)


def _as_it_is(text: str) -> str:
    """Escape text: Vertex AI replaces ``$(VARIABLE)`` in the value of a variable.

    https://cloud.google.com/vertex-ai/docs/reference/rest/v1/EnvVar
    """
    return re.sub(r"\$+(?=\()", lambda found: found[0] * 2, text)

# ruff: noqa: ANN401 - Google's clients have no types here
"""The job types of Vertex AI: the names of their API calls, and where the output of a job is."""

from collections.abc import Iterable
from typing import Any

import msgspec

_ENDED = ("_SUCCEEDED", "_FAILED", "_CANCELLED", "_EXPIRED")


class JobType(msgspec.Struct, frozen=True):
    """A job type: the API's service, the type's name there, and its collection in resource names.

    ``page`` is the path of a job in the Google Cloud console.
    """

    service: str
    name: str
    collection: str
    page: str

    def client(self, hook: Any, region: str) -> Any:
        """The service's client in a region; an awaitable one from a hook for the triggerer."""
        return getattr(hook, f"get_{self.service}_service_client")(region=region)

    def call(self, client: Any, verb: str, **arguments: Any) -> Any:
        """Call ``create``, ``get`` or ``cancel``; returns the response."""
        return getattr(client, f"{verb}_{self.name}")(**arguments)

    def labelled(self, client: Any, parent: str, label: str) -> Iterable[Any]:
        """All jobs with this label."""
        asked = {"parent": parent, "filter": f"labels.{label}"}
        found: Iterable[Any] = getattr(client, f"list_{self.name}s")(request=asked)
        return found


CUSTOM_JOB = JobType("job", "custom_job", "customJobs", "training/{id}/cpu")
TRAINING_PIPELINE = JobType("pipeline", "training_pipeline", "trainingPipelines", "training/{id}")
PIPELINE_JOB = JobType("pipeline", "pipeline_job", "pipelineJobs", "pipelines/runs/{id}")
_TYPES = {each.collection: each for each in (CUSTOM_JOB, TRAINING_PIPELINE, PIPELINE_JOB)}


def type_of(job: str) -> JobType:
    """The type of the job with this name: ``projects/PROJECT/locations/REGION/COLLECTION/ID``."""
    return _TYPES[job.split("/")[4]]


def has_ended(job: Any) -> bool:
    """Whether a job is in a final state."""
    return str(job.state.name).endswith(_ENDED)


def custom_jobs_of(job: Any) -> list[str]:
    """The names of the custom jobs that run a training pipeline or a pipeline job, and have its output."""
    if backing := getattr(job, "training_task_metadata", None):
        return [str(backing["backingCustomJob"])] if "backingCustomJob" in backing else []
    if details := getattr(job, "job_detail", None):
        done = [task.executor_detail.container_detail.main_job for task in details.task_details]
        return [each for each in done if each]
    return []


def problem(job: Any) -> str | None:
    """The error of a finished job, None if it succeeded; for a pipeline, with those of its failed tasks."""
    if job.state.name.endswith("_SUCCEEDED"):
        return None
    state = job.state.name.partition("_STATE_")[2].lower().replace("cancelled", "was cancelled")
    said = [f"The Vertex AI job {job.name} {state}: {job.error.message or 'no message'}"]
    if details := getattr(job, "job_detail", None):
        failed = [task for task in details.task_details if task.error.message]
        said += [f"{task.task_name}: {task.error.message}" for task in failed]
    return "\n".join(said)

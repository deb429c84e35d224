"""A custom job on Google Cloud's Vertex AI."""

from dbt_scheduler.kinds import Job
from dbt_scheduler.kinds.places import Arguments, Place, PlaceSettings, Setting, Way

_NAME = {"type": "string", "minLength": 1}


def _custom_job(job: Job, settings: PlaceSettings) -> Arguments:
    """A deferrable custom job of one worker pool; its keys come from the task, else from the platform."""
    values = {**settings.settings, **job.settings}
    container: dict[str, object] = {"image_uri": job.image or settings.image, "command": list(job.command)}
    if job.env:
        container["env"] = [{"name": name, "value": value} for name, value in sorted(job.env.items())]
    worker_pool = {
        "machine_spec": {"machine_type": values.get("machine_type", "n1-standard-4")},
        "replica_count": 1,
        "container_spec": container,
    }
    return {
        "project_id": values.get("project"),
        "region": values.get("region"),
        "custom_job": {"display_name": job.name, "job_spec": {"worker_pool_specs": [worker_pool]}},
        "deferrable": True,
    }


PLUGIN = Place(
    description="a job on Vertex AI",
    requirement="apache-airflow-providers-google",
    ways={
        "vertex-ai": Way(
            operator="airflow.providers.google.cloud.operators.vertex_ai.custom_job.CreateCustomJobOperator",
            template_fields=("region", "project_id", "custom_job", "impersonation_chain", "gcp_conn_id"),
            arguments=_custom_job,
        )
    },
    settings={
        "project": Setting(
            description="the Google Cloud project", schema=_NAME, example="my-project", by_task=True
        ),
        "region": Setting(
            description="the Google Cloud region", schema=_NAME, example="europe-west1", by_task=True
        ),
        "machine_type": Setting(
            description="the machine that jobs run on",
            schema=_NAME,
            example="n1-standard-4",
            default="n1-standard-4",
            by_task=True,
        ),
    },
)

"""Runs a task's container as a Vertex AI custom job."""

from dbt_scheduler.kinds.job import Job, Operator, Place


def run(job: Job, place: Place) -> Operator:
    """A deferrable custom job of one worker pool; its keys come from the task, else from the platform."""
    settings = {**place.settings, **job.settings}
    container: dict[str, object] = {"image_uri": job.image or place.image, "command": list(job.command)}
    if job.env:
        container["env"] = [{"name": name, "value": value} for name, value in sorted(job.env.items())]
    worker_pool = {
        "machine_spec": {"machine_type": settings.get("machine_type", "n1-standard-4")},
        "replica_count": 1,
        "container_spec": container,
    }
    return Operator(
        "airflow.providers.google.cloud.operators.vertex_ai.custom_job.CreateCustomJobOperator",
        {
            "project_id": settings.get("project"),
            "region": settings.get("region"),
            "custom_job": {"display_name": job.name, "job_spec": {"worker_pool_specs": [worker_pool]}},
            "deferrable": True,
        },
    )

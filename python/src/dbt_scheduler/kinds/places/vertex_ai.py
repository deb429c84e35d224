"""Runs jobs on Google Cloud's Vertex AI, in the terms of its API."""

import re
from collections.abc import Mapping

from dbt_scheduler.kinds import Job, Setting
from dbt_scheduler.kinds.places import Arguments, Place, PlaceSettings, Way
from dbt_scheduler.kinds.places.docker import ONE_LINE

_MACHINE = "n1-standard-4"
_CUSTOM_TASK = "gs://google-cloud-aiplatform/schema/trainingjob/definition/custom_task_1.0.0.yaml"
"""Google's name for training jobs that are custom jobs."""

_COUNTED = re.compile(r"(.+):([0-9]{1,2})")

PROJECT = Setting(
    description="the Google Cloud project; if not set, that of Airflow's Google connection",
    schema={
        "type": "string",
        "pattern": r"^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$",
        **ONE_LINE,
    },
    example="my-project",
    by_task=True,
)
REGION = Setting(
    description="the Google Cloud region",
    schema={"type": "string", "pattern": r"^[a-z]+-[a-z]+[0-9]{1,2}$", **ONE_LINE},
    example="europe-west1",
    by_task=True,
    required=True,
)
SERVICE_ACCOUNT = Setting(
    description="the Google Cloud service account of the jobs; if not set, the default of the project",
    schema={
        "type": "string",
        "pattern": r"^[a-z0-9][a-z0-9-]*@([a-z0-9-]+\.)+gserviceaccount\.com$",
        **ONE_LINE,
    },
    example="jobs@my-project.iam.gserviceaccount.com",
)


def google_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels in the form that Google Cloud allows: lower case, ``_`` for other characters, at most 63 characters.

    https://cloud.google.com/resource-manager/docs/labels-overview
    """
    return {_label(key): _label(value) for key, value in labels.items()}


def own_labels(values: Mapping[str, object]) -> dict[str, str]:
    """The labels in these settings; empty without any."""
    labels = values.get("labels")
    return labels if isinstance(labels, dict) else {}


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]


def _any_job(job: Job, settings: PlaceSettings) -> Arguments:
    """The operator's arguments: a custom job, the training of a model, or a pipeline job, as the task says."""
    values = {**settings.settings, **job.settings}
    where: Arguments = {"project_id": values.get("project"), "region": values.get("region")}
    named = {
        "display_name": job.name,
        "labels": google_labels({**own_labels(values), **job.labels}),
    }
    if isinstance(pipeline := values.get("pipeline_job"), Mapping):
        return {**where, **_pipeline_job(job, values, named, pipeline)}
    passed = {"pass_env": list(settings.environment)} if settings.environment else {}
    spec = {"worker_pool_specs": [_worker_pool(job, job.image or settings.image, values)], **_account(values)}
    if isinstance(training := values.get("training"), Mapping):
        return {**where, "training_pipeline": _training(spec, values, named, training), **passed}
    return {**where, "custom_job": {**named, "job_spec": spec}, **passed}


def _worker_pool(job: Job, image: str | None, values: Mapping[str, object]) -> dict[str, object]:
    """The worker pool: one machine and its container; keys come from the task, or else from the platform."""
    machine: dict[str, object] = {"machine_type": values.get("machine_type") or _MACHINE}
    if accelerator := values.get("accelerator"):
        machine |= _accelerator(str(accelerator))
    container: dict[str, object] = {"image_uri": image, "command": list(job.command)}
    if job.env:
        container["env"] = [{"name": name, "value": value} for name, value in sorted(job.env.items())]
    return {"machine_spec": machine, "replica_count": 1, "container_spec": container}


def _account(values: Mapping[str, object]) -> dict[str, object]:
    given = {"service_account": values.get("google_service_account"), "network": values.get("vpc_network")}
    return {name: value for name, value in given.items() if value}


def _training(
    spec: Mapping[str, object],
    values: Mapping[str, object],
    named: Mapping[str, object],
    training: Mapping[str, object],
) -> dict[str, object]:
    """A training pipeline with a custom job as its task; it uploads the trained model."""
    return {
        **named,
        "training_task_definition": _CUSTOM_TASK,
        "training_task_inputs": {
            **spec,
            "base_output_directory": {"output_uri_prefix": values.get("output_directory")},
        },
        "model_to_upload": {
            "display_name": training["model"],
            "labels": named["labels"],
            "container_spec": {"image_uri": training["serving_image"]},
        },
    }


def _pipeline_job(
    job: Job, values: Mapping[str, object], named: Mapping[str, object], pipeline: Mapping[str, object]
) -> Arguments:
    """A pipeline job without its template, which the worker reads; ``offered`` are values that parameters may use."""
    template = str(pipeline["template"])
    config: dict[str, object] = {"gcs_output_directory": values.get("output_directory")}
    if parameters := pipeline.get("parameters"):
        config["parameter_values"] = parameters
    return {
        "pipeline_job": {**named, **_account(values), "runtime_config": config},
        "template_path": template if template.startswith("gs://") else f"{job.cwd}/{template}",
        "offered": {name.removeprefix("DBT_SCHEDULER_").lower(): value for name, value in job.env.items()},
    }


def _accelerator(text: str) -> dict[str, object]:
    counted = _COUNTED.fullmatch(text)
    kind, count = counted.groups() if counted else (text, 1)
    return {"accelerator_type": kind, "accelerator_count": int(count)}


PLUGIN = Place(
    description="a job on Vertex AI",
    requirement="dbt-scheduler[google]",
    needs_image=True,
    shows_variables=True,
    ways={
        "vertex-ai": Way(
            operator="dbt_scheduler.airflow.vertex_ai_operator.VertexAiOperator",
            template_fields=(
                *("project_id", "region", "custom_job", "training_pipeline"),
                *("pipeline_job", "template_path", "offered", "pass_env"),
            ),
            arguments=_any_job,
        )
    },
    settings={
        "project": PROJECT,
        "region": REGION,
        "google_service_account": SERVICE_ACCOUNT,
        "machine_type": Setting(
            description="the machine type of the jobs",
            schema={"type": "string", "pattern": r"^[a-z][a-z0-9]*(-[a-z0-9]+)+$", **ONE_LINE},
            example=_MACHINE,
            default=_MACHINE,
            by_task=True,
        ),
        "accelerator": Setting(
            description="the accelerator type, and the count after a colon if more than one",
            schema={
                "type": "string",
                "pattern": r"^(NVIDIA|TPU)_[A-Z0-9_]+(:[1-9][0-9]?)?$",
                **ONE_LINE,
            },
            example="NVIDIA_TESLA_T4:2",
            by_task=True,
        ),
        "output_directory": Setting(
            description="the folder in Cloud Storage for the output of training jobs and pipelines",
            schema={
                "type": "string",
                "pattern": r"^gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[A-Za-z0-9_.=@+-]+)*$",
                **ONE_LINE,
            },
            example="gs://my-bucket/vertex-ai",
            by_task=True,
            needed_by=("training", "pipeline_job"),
        ),
        "vpc_network": Setting(
            description="the VPC network to peer the jobs with, including the project number",
            schema={
                "type": "string",
                "pattern": r"^projects/[0-9]+/global/networks/[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
                **ONE_LINE,
            },
            example="projects/12345/global/networks/warehouse",
        ),
        "labels": Setting(
            description="labels of a job, in addition to team, pipeline, task and asset",
            schema={
                "type": "object",
                "propertyNames": {"pattern": r"^[a-z][a-z0-9_-]{0,62}$", **ONE_LINE},
                "additionalProperties": {
                    "description": "A value.",
                    "type": "string",
                    "pattern": r"^[a-z0-9_-]{0,63}$",
                    **ONE_LINE,
                    "examples": ["4711"],
                },
            },
            example={"cost-center": "4711"},
        ),
    },
)

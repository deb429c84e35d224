"""A custom job on Google Cloud's Vertex AI, in the words of its API; names are as Google Cloud takes them."""

import re
from collections.abc import Mapping

from dbt_scheduler.kinds import Job
from dbt_scheduler.kinds.places import Arguments, Place, PlaceSettings, Setting, Way
from dbt_scheduler.kinds.places.docker import ONE_LINE

_MACHINE = "n1-standard-4"
_COUNTED = re.compile(r"(.+):([0-9]{1,2})")

PROJECT = Setting(
    description="the Google Cloud project; unset, that of Airflow's Google connection",
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
    description="the Google Cloud service account that jobs run as; unset, the project's default",
    schema={
        "type": "string",
        "pattern": r"^[a-z0-9][a-z0-9-]*@([a-z0-9-]+\.)+gserviceaccount\.com$",
        **ONE_LINE,
    },
    example="jobs@my-project.iam.gserviceaccount.com",
)


def google_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels as Google Cloud takes them: in lower case, ``_`` for what it does not know, 63 characters at most.

    https://cloud.google.com/resource-manager/docs/labels-overview
    """
    return {_label(key): _label(value) for key, value in labels.items()}


def own_labels(values: Mapping[str, object]) -> dict[str, str]:
    """The labels that the platform says."""
    labels = values.get("labels")
    return labels if isinstance(labels, dict) else {}


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]


def _custom_job(job: Job, settings: PlaceSettings) -> Arguments:
    """A custom job of one worker pool; its keys come from the task, else from the platform."""
    values = {**settings.settings, **job.settings}
    machine: dict[str, object] = {"machine_type": values.get("machine_type") or _MACHINE}
    if accelerator := values.get("accelerator"):
        machine |= _accelerator(str(accelerator))
    container: dict[str, object] = {"image_uri": job.image or settings.image, "command": list(job.command)}
    if job.env:
        container["env"] = [{"name": name, "value": value} for name, value in sorted(job.env.items())]
    worker_pool = {"machine_spec": machine, "replica_count": 1, "container_spec": container}
    spec: dict[str, object] = {"worker_pool_specs": [worker_pool]}
    given = {"service_account": values.get("google_service_account"), "network": values.get("vpc_network")}
    made: dict[str, object] = {
        "display_name": job.name,
        "labels": google_labels({**own_labels(values), **job.labels}),
        "job_spec": {**spec, **{name: value for name, value in given.items() if value}},
    }
    arguments: Arguments = {
        "project_id": values.get("project"),
        "region": values.get("region"),
        "custom_job": made,
    }
    return {**arguments, **({"pass_env": list(settings.environment)} if settings.environment else {})}


def _accelerator(text: str) -> dict[str, object]:
    counted = _COUNTED.fullmatch(text)
    kind, count = counted.groups() if counted else (text, 1)
    return {"accelerator_type": kind, "accelerator_count": int(count)}


PLUGIN = Place(
    description="a custom job on Vertex AI",
    requirement="dbt-scheduler[google]",
    needs_image=True,
    shows_variables=True,
    ways={
        "vertex-ai": Way(
            operator="dbt_scheduler.airflow.vertex_ai_operator.VertexAiOperator",
            template_fields=("project_id", "region", "custom_job", "pass_env"),
            arguments=_custom_job,
        )
    },
    settings={
        "project": PROJECT,
        "region": REGION,
        "google_service_account": SERVICE_ACCOUNT,
        "machine_type": Setting(
            description="the machine that jobs run on",
            schema={"type": "string", "pattern": r"^[a-z][a-z0-9]*(-[a-z0-9]+)+$", **ONE_LINE},
            example=_MACHINE,
            default=_MACHINE,
            by_task=True,
        ),
        "accelerator": Setting(
            description="the accelerator that the machine has, and how many after a colon, if not one",
            schema={
                "type": "string",
                "pattern": r"^(NVIDIA|TPU)_[A-Z0-9_]+(:[1-9][0-9]?)?$",
                **ONE_LINE,
            },
            example="NVIDIA_TESLA_T4:2",
            by_task=True,
        ),
        "vpc_network": Setting(
            description="the VPC network that jobs are peered with, by the project's number",
            schema={
                "type": "string",
                "pattern": r"^projects/[0-9]+/global/networks/[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
                **ONE_LINE,
            },
            example="projects/12345/global/networks/warehouse",
        ),
        "labels": Setting(
            description="labels of a job, beside team, pipeline, task and asset",
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

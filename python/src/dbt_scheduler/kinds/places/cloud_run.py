"""Runs jobs on Google Cloud Run, one job resource per task, in the terms of its API."""

from collections.abc import Mapping

from dbt_scheduler.kinds import Job, Setting
from dbt_scheduler.kinds.places import Arguments, Place, PlaceSettings, Way
from dbt_scheduler.kinds.places.docker import CPUS, LABELS, MEMORY, ONE_LINE, VARIABLE, dbt_arguments
from dbt_scheduler.kinds.places.vertex_ai import PROJECT, REGION, SERVICE_ACCOUNT, google_labels, own_labels

_MEMORY = "512m"
"""Cloud Run's default."""

_LEAST_CPUS, _HALF = 0.08, 0.5
_GIGABYTES: dict[float, tuple[float, float]] = {1: (0.5, 4), 2: (0.5, 8), 4: (2, 16), 6: (4, 24), 8: (4, 32)}
"""The minimum and maximum memory in GiB for each number of CPUs."""


_FIELDS = ("project_id", "region", "job", "pass_env")


def _job(job: Job, settings: PlaceSettings) -> Arguments:
    """The operator's arguments: a job with one container that runs once, because Airflow handles retries."""
    values = {**settings.settings, **job.settings}
    labels = google_labels({**own_labels(values), **job.labels})
    container: dict[str, object] = {
        "image": job.image or settings.image,
        "command": list(job.command),
        "env": [
            *({"name": name, "value": value} for name, value in sorted(job.env.items())),
            *_secrets(values.get("google_secrets")),
        ],
    }
    if limits := _limits(values.get("cpus"), values.get("memory")):
        container["resources"] = {"limits": limits}
    task: dict[str, object] = {"containers": [container], "max_retries": 0}
    if account := values.get("google_service_account"):
        task["service_account"] = account
    if subnet := values.get("subnetwork"):
        task["vpc_access"] = {"network_interfaces": [{"subnetwork": subnet}]}
    arguments: Arguments = {
        "project_id": values.get("project"),
        "region": values.get("region"),
        "job": {"labels": labels, "template": {"labels": labels, "task_count": 1, "template": task}},
    }
    return {**arguments, **({"pass_env": list(settings.environment)} if settings.environment else {})}


def _dbt(job: Job, settings: PlaceSettings) -> Arguments:
    """The same for dbt, whose results go to a bucket."""
    bucket = settings.settings.get("results_bucket")
    return {**_job(job, settings), "bucket": bucket, **dbt_arguments(job)}


def _secrets(secrets: object) -> list[dict[str, object]]:
    """Variables that Cloud Run reads from Secret Manager."""
    made: list[dict[str, object]] = []
    for name, text in sorted(secrets.items()) if isinstance(secrets, Mapping) else ():
        secret, _, version = str(text).partition(":")
        reference = {"secret": secret, "version": version or "latest"}
        made.append({"name": name, "value_source": {"secret_key_ref": reference}})
    return made


def _limits(cpus: object, memory: object) -> dict[str, str]:
    """Kubernetes quantities, which Cloud Run uses too."""
    cpu = {"cpu": f"{cpus:g}"} if isinstance(cpus, int | float) else {}
    return {**cpu, **({"memory": f"{memory[:-1]}{memory[-1:].upper()}i"} if isinstance(memory, str) else {})}


def _refusal(values: Mapping[str, object]) -> str | None:
    """Why Cloud Run does not support the CPUs and memory together, None if it does.

    https://cloud.google.com/run/docs/configuring/jobs/cpu and memory-limits.
    """
    cpus, memory = values.get("cpus") or 1, str(values.get("memory") or _MEMORY)
    if not isinstance(cpus, int | float) or not (cpus in _GIGABYTES or _LEAST_CPUS <= cpus < 1):
        return f"cpus must be 1, 2, 4, 6 or 8, or between {_LEAST_CPUS} and 1, for Cloud Run, not {cpus}"
    least, most = _GIGABYTES.get(cpus, (0.5, 0.5 if cpus < _HALF else 1))
    gigabytes = int(memory[:-1]) / (1 if memory.endswith("g") else 1024)
    if least <= gigabytes <= most:
        return None
    span = f"{_shown(least)} to {_shown(most)}" if least < most else _shown(least)
    said = "" if values.get("memory") else ", the default"
    return f"with {cpus} CPUs, Cloud Run supports {span} of memory, not {memory}{said}"


def _shown(gigabytes: float) -> str:
    return f"{gigabytes:g}g" if gigabytes >= 1 else f"{gigabytes * 1024:g}m"


PLUGIN = Place(
    description="a Cloud Run job",
    requirement="dbt-scheduler[google]",
    needs_image=True,
    shows_variables=True,
    secrets_setting="google_secrets",
    refusal=_refusal,
    longest_seconds=7 * 24 * 3600,
    ways={
        "dbt": Way(
            operator="dbt_scheduler.airflow.cloud_run_dbt_operator.CloudRunDbtOperator",
            template_fields=(*_FIELDS, "bucket", "table_check", "project_hooks", "results_of"),
            arguments=_dbt,
        ),
        "universal": Way(
            operator="dbt_scheduler.airflow.cloud_run_operator.CloudRunOperator",
            template_fields=_FIELDS,
            arguments=_job,
        ),
    },
    settings={
        "project": PROJECT,
        "region": REGION,
        "google_service_account": SERVICE_ACCOUNT,
        "cpus": CPUS,
        "memory": MEMORY,
        "labels": LABELS,
        "subnetwork": Setting(
            description="the VPC subnetwork for the jobs' traffic",
            schema={
                "type": "string",
                "pattern": r"^([a-z0-9/-]+/)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
                **ONE_LINE,
            },
            example="warehouse",
        ),
        "results_bucket": Setting(
            description="a dedicated Cloud Storage bucket to which dbt jobs write their results",
            schema={"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$", **ONE_LINE},
            example="my-project-dbt-results",
            needed_by=("dbt",),
        ),
        "google_secrets": Setting(
            description="environment variables of a job, each with a secret in Secret Manager, and its version "
            "after a colon if not the latest",
            schema={
                "type": "object",
                "propertyNames": VARIABLE,
                "additionalProperties": {
                    "description": "A secret.",
                    "type": "string",
                    "pattern": r"^(projects/[a-z0-9-]+/secrets/)?[A-Za-z0-9_-]{1,255}(:(latest|[1-9][0-9]{0,9}))?$",
                    **ONE_LINE,
                    "examples": ["shop-api-token:3"],
                },
            },
            example={"API_TOKEN": "shop-api-token:3"},
        ),
    },
)

"""Runs jobs as containers of a Docker engine, or of Podman, which has the same API."""

from dbt_scheduler.kinds import Job, Setting
from dbt_scheduler.kinds.places import Arguments, Place, PlaceSettings, Way

ONE_LINE = {"not": {"type": "string", "pattern": "\n"}}
"""To be added to a schema with a pattern, because ``$`` also matches before a final line break."""

VARIABLE = {"pattern": r"^[A-Za-z_][A-Za-z0-9_]*$", **ONE_LINE}
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
# A label key that Docker, Kubernetes and Google Cloud all accept, so that the setting works in each place.
_LABEL = r"^([a-z][a-z0-9]*((-+|\.)[a-z0-9]+)*/)?[a-z]([a-z0-9._-]{0,61}[a-z0-9])?$"

CPUS = Setting(
    description="the number of CPUs that a container may use",
    schema={"type": "number", "minimum": 0.01, "maximum": 1024},
    example=1.5,
    by_task=True,
)
MEMORY = Setting(
    description="the memory limit of a container, in m or g, at least 6m",
    schema={
        "type": "string",
        "pattern": "^([6-9]|[1-9][0-9]{1,6})m$|^[1-9][0-9]{0,4}g$",
        **ONE_LINE,
    },
    example="512m",
    by_task=True,
)
LABELS = Setting(
    description="labels of a container, in addition to team, pipeline, task and asset",
    schema={
        "type": "object",
        "propertyNames": {"pattern": _LABEL, **ONE_LINE},
        "additionalProperties": {
            "description": "A value.",
            "type": "string",
            "examples": ["4711"],
        },
    },
    example={"cost-center": "4711"},
)

_FIELDS = (
    "image",
    "command",
    "env",
    "pass_env",
    "secrets",
    "labels",
    "mem_limit",
    "network_mode",
    "user",
    "docker_conn_id",
)


def _container(job: Job, settings: PlaceSettings) -> Arguments:
    """The operator's arguments; the working directory is that of the image."""
    values = {**settings.settings, **job.settings}
    given: Arguments = {
        "pass_env": list(settings.environment),
        "secrets": values.get("secrets"),
        "cpus": values.get("cpus"),
        "mem_limit": values.get("memory"),
        "network_mode": values.get("network"),
        "user": values.get("user"),
        "docker_conn_id": values.get("connection"),
    }
    return container(job, settings, given)


def container(job: Job, settings: PlaceSettings, given: Arguments) -> Arguments:
    """The arguments of all operators with a container, plus the non-empty ones in ``given``."""
    labels = {**settings.settings, **job.settings}.get("labels")
    return {
        "image": job.image or settings.image,
        "command": list(job.command),
        "env": dict(job.env),
        "labels": {**(labels if isinstance(labels, dict) else {}), **job.labels},
        **{name: value for name, value in given.items() if value},
    }


def _dbt(job: Job, settings: PlaceSettings) -> Arguments:
    """The same for dbt."""
    return {**_container(job, settings), **dbt_arguments(job)}


def dbt_arguments(job: Job) -> Arguments:
    """The additional arguments of every dbt operator, without empty ones."""
    given: Arguments = {
        "table_check": list(job.table_check),
        "project_hooks": job.project_hooks,
        "keep_results": job.keep_results,
        "results_of": list(job.results_of),
    }
    return {name: value for name, value in given.items() if value}


PLUGIN = Place(
    description="a container of a Docker engine",
    requirement="dbt-scheduler[docker]",
    needs_image=True,
    ways={
        "dbt": Way(
            operator="dbt_scheduler.airflow.docker_operator.DockerDbtOperator",
            template_fields=(*_FIELDS, "table_check", "project_hooks", "results_of"),
            arguments=_dbt,
        ),
        "universal": Way(
            operator="dbt_scheduler.airflow.docker_operator.DockerCommandOperator",
            template_fields=_FIELDS,
            arguments=_container,
        ),
    },
    settings={
        "cpus": CPUS,
        "memory": MEMORY,
        "network": Setting(
            description="the network of a container: none, host, bridge or a user-defined network",
            schema={"type": "string", "pattern": _NAME, **ONE_LINE},
            example="bridge",
        ),
        "user": Setting(
            description="the user that a container runs as, optionally with the group after a colon",
            schema={
                "type": "string",
                "pattern": r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$",
                **ONE_LINE,
            },
            example="1000:1000",
        ),
        "connection": Setting(
            description="the Airflow connection of the image registry, if it requires a login",
            schema={"type": "string", "pattern": _NAME, **ONE_LINE},
            example="docker_registry",
        ),
        "secrets": Setting(
            description="environment variables of a container, each with the Airflow connection whose password is "
            "its value",
            schema={
                "type": "object",
                "propertyNames": VARIABLE,
                "additionalProperties": {
                    "description": "An Airflow connection.",
                    "type": "string",
                    "pattern": _NAME,
                    **ONE_LINE,
                    "examples": ["warehouse"],
                },
            },
            example={"DBT_ENV_SECRET_PASSWORD": "warehouse"},
        ),
        "labels": LABELS,
    },
)

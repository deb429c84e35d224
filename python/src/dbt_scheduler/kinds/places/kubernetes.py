"""Runs jobs as Kubernetes pods, in the terms of its API; CPUs and memory are those of every container."""

from typing import Any

from dbt_scheduler.kinds import Job, Setting
from dbt_scheduler.kinds.places import Arguments, Place, PlaceSettings, Way
from dbt_scheduler.kinds.places.docker import (
    CPUS,
    LABELS,
    MEMORY,
    ONE_LINE,
    VARIABLE,
    container,
    dbt_arguments,
)

# Names in the API: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
_DNS = r"[a-z0-9]+(-+[a-z0-9]+)*"
_SUBDOMAIN = r"[a-z0-9]+((-+|\.)[a-z0-9]+)*"
_WORD = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_NAME = {"type": "string", "pattern": rf"^{_SUBDOMAIN}$", "maxLength": 253, **ONE_LINE}
_LABEL = {"pattern": rf"^({_SUBDOMAIN}/)?{_WORD}$", **ONE_LINE}
_VALUE = {"type": "string", "pattern": rf"^({_WORD})?$", **ONE_LINE}

_FIELDS = (
    "image",
    "command",
    "env",
    "pass_env",
    "kubernetes_secrets",
    "labels",
    "limits",
    "namespace",
    "service_account_name",
    "node_selector",
    "tolerated",
    "pull_secrets",
    "kubernetes_conn_id",
)


def _pod(job: Job, settings: PlaceSettings) -> Arguments:
    """The operator's arguments; the working directory is that of the image."""
    values = {**settings.settings, **job.settings}
    given: Arguments = {
        "pass_env": list(settings.environment),
        "limits": _limits(values.get("cpus"), values.get("memory")),
        "kubernetes_conn_id": values.get("cluster"),
        "service_account_name": values.get("service_account"),
        "tolerated": values.get("tolerations"),
        "pull_secrets": values.get("image_pull_secrets"),
        **{name: values.get(name) for name in ("kubernetes_secrets", "namespace", "node_selector")},
    }
    return container(job, settings, given)


def _limits(cpus: object, memory: object) -> dict[str, str]:
    """Kubernetes quantities, in which ``m`` means one thousandth, and ``Mi`` is what others call ``m``."""
    cpu = {"cpu": f"{round(cpus * 1000)}m"} if isinstance(cpus, int | float) else {}
    return {**cpu, **({"memory": f"{memory.upper()}i"} if isinstance(memory, str) else {})}


def _dbt(job: Job, settings: PlaceSettings) -> Arguments:
    """The same for dbt."""
    return {**_pod(job, settings), **dbt_arguments(job)}


def _each(description: str, schema: dict[str, Any], example: object) -> dict[str, Any]:
    return {"description": description, **schema, "examples": [example]}


PLUGIN = Place(
    description="a pod of a Kubernetes cluster",
    requirement="dbt-scheduler[kubernetes]",
    needs_image=True,
    shows_variables=True,
    secrets_setting="kubernetes_secrets",
    ways={
        "dbt": Way(
            operator="dbt_scheduler.airflow.kubernetes_dbt_operator.KubernetesDbtOperator",
            template_fields=(*_FIELDS, "table_check", "project_hooks", "results_of"),
            arguments=_dbt,
        ),
        "universal": Way(
            operator="dbt_scheduler.airflow.kubernetes_operator.KubernetesCommandOperator",
            template_fields=_FIELDS,
            arguments=_pod,
        ),
    },
    settings={
        "cpus": CPUS,
        "memory": MEMORY,
        "labels": LABELS,
        "cluster": Setting(
            description="the Airflow connection of the cluster; if not set, the cluster that the worker runs in",
            schema={"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", **ONE_LINE},
            example="warehouse_cluster",
        ),
        "namespace": Setting(
            description="the namespace of the pods; if not set, the connection's, or else the worker's",
            schema={"type": "string", "pattern": rf"^{_DNS}$", "maxLength": 63, **ONE_LINE},
            example="dbt",
        ),
        "service_account": Setting(
            description="the service account of the pods, in their namespace",
            schema=_NAME,
            example="dbt-runner",
        ),
        "node_selector": Setting(
            description="labels that a node must have to run a pod",
            schema={
                "type": "object",
                "propertyNames": _LABEL,
                "additionalProperties": _each("A label's value.", _VALUE, "batch"),
            },
            example={"pool": "batch"},
        ),
        "tolerations": Setting(
            description="node taints that the pods tolerate; without a value, all values of the key",
            schema={
                "type": "array",
                "items": {
                    "description": "A taint.",
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["key"],
                    "properties": {
                        "key": _each("Its key.", {"type": "string", **_LABEL}, "dedicated"),
                        "value": _each("Its value.", _VALUE, "dbt"),
                        "effect": {
                            "description": "Its effect. Default: all effects.",
                            "enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"],
                            "examples": ["NoSchedule"],
                        },
                    },
                    "examples": [{"key": "dedicated", "value": "dbt", "effect": "NoSchedule"}],
                },
            },
            example=[{"key": "dedicated", "value": "dbt", "effect": "NoSchedule"}],
        ),
        "kubernetes_secrets": Setting(
            description="environment variables of a pod, each with a Kubernetes secret and its key after a slash",
            schema={
                "type": "object",
                "propertyNames": VARIABLE,
                "additionalProperties": _each(
                    "A secret and its key.",
                    {
                        "type": "string",
                        "pattern": rf"^{_SUBDOMAIN}/[-._A-Za-z0-9]+$",
                        "maxLength": 507,
                        **ONE_LINE,
                    },
                    "warehouse/password",
                ),
            },
            example={"DBT_ENV_SECRET_PASSWORD": "warehouse/password"},
        ),
        "image_pull_secrets": Setting(
            description="Kubernetes secrets with the logins of the image registries",
            schema={"type": "array", "items": _each("A secret.", _NAME, "registry")},
            example=["registry"],
        ),
    },
)

# ruff: noqa: ANN401 - the client has no types
"""Builds the parts of a pod's spec."""

from collections.abc import Mapping
from typing import Any

from airflow.providers.cncf.kubernetes.pod_generator import make_safe_label_value
from kubernetes.client import models as k8s

TASK = "dbt-scheduler/task"
"""The label by which a try finds the pods of earlier tries."""


def as_it_is(text: str) -> str:
    """Escape text: in commands and variables, Kubernetes replaces ``$(VARIABLE)`` and ``$$``."""
    return text.replace("$", "$$")


def environment(variables: Mapping[str, str], secrets: Mapping[str, str]) -> list[k8s.V1EnvVar]:
    """Variables with values, and variables that refer to Kubernetes secrets: ``NAME/KEY``."""
    return [
        *(k8s.V1EnvVar(name, as_it_is(value)) for name, value in sorted(variables.items())),
        *(k8s.V1EnvVar(name, value_from=_source(reference)) for name, reference in sorted(secrets.items())),
    ]


def toleration(taint: Mapping[str, str]) -> k8s.V1Toleration:
    """The toleration of a taint; without a value, of any value."""
    return k8s.V1Toleration(operator="Equal" if "value" in taint else "Exists", **taint)


def label(meta: Any, given: Mapping[str, str], ours: Mapping[str, str]) -> None:
    """Make a pod's labels valid for Kubernetes; the original text of each changed one in ``given`` is an annotation."""
    # A value that is only a hash starts with a dash, which Kubernetes rejects.
    safe = {name: make_safe_label_value(value).lstrip("-") for name, value in meta.labels.items()}
    changed = {name.rpartition("/")[2]: value for name, value in given.items() if safe[name] != value}
    meta.annotations = {f"dbt-scheduler/{name}": value for name, value in changed.items()}
    meta.labels = {**safe, **ours}


def _source(reference: str) -> k8s.V1EnvVarSource:
    name, _, key = reference.partition("/")
    return k8s.V1EnvVarSource(secret_key_ref=k8s.V1SecretKeySelector(name=name, key=key))

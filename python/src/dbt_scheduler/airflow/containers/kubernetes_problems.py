# ruff: noqa: ANN401 - the client has no types
"""Messages about pods that did not start or failed, and about rejected requests."""

import json
from collections.abc import Iterator
from typing import Any

from kubernetes.client import ApiException

from dbt_scheduler.airflow.compat import AirflowException

_NOT_STARTED = ("StartError", "ContainerCannotRun")


def startup_problem(pod: Any) -> str:
    """Why a pod does not run: the missing node, image or secret, or why the cluster ended it; may be empty."""
    return "\n".join(_waits(pod))


def _waits(pod: Any) -> Iterator[str]:
    if pod.status.reason:
        yield f"{pod.status.reason}: {pod.status.message}"
    for condition in pod.status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            yield f"{condition.reason}: {condition.message}"
    for container in pod.status.container_statuses or ():
        if waiting := container.state.waiting:
            yield ": ".join(filter(None, (waiting.reason, waiting.message)))


def exit_code(pod: Any, container: str, log: Any) -> int:
    """The exit code of a container. AirflowException if the cluster ended the pod, or could not run its command."""
    if pod.status.reason:
        raise AirflowException(f"Kubernetes terminated the pod ({pod.status.reason}): {pod.status.message}")
    found = [each.state.terminated for each in pod.status.container_statuses or () if each.name == container]
    if not found or found[0] is None:
        raise AirflowException(
            f"The pod finished in phase {pod.status.phase}, but the exit code of its command is unknown."
        )
    (ended,) = found
    if ended.reason in _NOT_STARTED:
        raise AirflowException(f"The command could not be started: {ended.message}")
    if ended.reason == "OOMKilled":
        log.error("It was killed because it exceeded the pod's memory limit.")
    code: int = ended.exit_code
    return code


def said(error: Exception) -> str:
    """The API's message for a failed request, without its headers."""
    if not isinstance(error, ApiException):
        return str(error)
    try:
        message = str(json.loads(error.body)["message"])
    except (TypeError, KeyError, ValueError):
        message = str(error.reason)
    return f"{message} ({error.status})"

# ruff: noqa: ANN401 - the client has no types
"""Adds to the Docker client what DockerOperator has no argument for."""

import io
import tarfile
from collections.abc import Iterable
from typing import Any, Protocol

from dbt_scheduler.airflow.compat import AirflowException

_MOST_BYTES = 20_000_000


class Starting(Protocol):
    """What the client needs from the operator of a container."""

    nano_cpus: int | None

    def before_start(self) -> None:
        """Called when the container exists, and does not run yet."""


class DockerClient:
    """The engine's client: limits the container's CPUs, stops it with an interrupt, and copies files into it."""

    def __init__(self, client: Any, task: Starting) -> None:
        self._client = client
        self._task = task

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def create_host_config(self, **wanted: Any) -> Any:
        """Add a hard limit of CPUs; DockerOperator has only relative shares."""
        return self._client.create_host_config(**wanted, nano_cpus=self._task.nano_cpus)

    def create_container(self, **wanted: Any) -> Any:
        """Set the signal on which dbt cancels its queries."""
        return self._client.create_container(**wanted, stop_signal="SIGINT")

    def start(self, container: str) -> None:
        """Copy the files into the container, and start it."""
        self._task.before_start()
        self._client.start(container)


def content(chunks: Iterable[bytes], name: str) -> bytes:
    """The content of a file in a tar archive. Raises AirflowException if it is not a regular file, or too large."""
    read = bytearray()
    for chunk in chunks:
        read += chunk
        if len(read) > _MOST_BYTES:
            raise AirflowException(f"{name} in the container is larger than {_MOST_BYTES} bytes")
    with tarfile.open(fileobj=io.BytesIO(read)) as tar:
        member = tar.next()
        found = tar.extractfile(member) if member and member.isfile() else None
        if found is None:
            raise AirflowException(f"{name} in the container is not a regular file")
        return found.read()

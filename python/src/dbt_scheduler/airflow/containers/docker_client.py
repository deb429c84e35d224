# ruff: noqa: ANN401 - the client has no types
"""What our containers need of a Docker engine that DockerOperator has no argument for."""

import io
import tarfile
from collections.abc import Iterable
from typing import Any, Protocol

from dbt_scheduler.airflow.compat import AirflowException

_MOST_BYTES = 20_000_000


class Starting(Protocol):
    """The task of a container."""

    nano_cpus: int | None

    def before_start(self) -> None:
        """What has to be done when its container is there and does not run yet."""


class DockerClient:
    """The engine's client: a container gets no more than its CPUs, is stopped by an interrupt, and has its files."""

    def __init__(self, client: Any, task: Starting) -> None:
        self._client = client
        self._task = task

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def create_host_config(self, **wanted: Any) -> Any:
        """With the most CPUs that it may use, not only its share where others want them too."""
        return self._client.create_host_config(**wanted, nano_cpus=self._task.nano_cpus)

    def create_container(self, **wanted: Any) -> Any:
        """With the signal on which dbt cancels its queries."""
        return self._client.create_container(**wanted, stop_signal="SIGINT")

    def start(self, container: str) -> None:
        """After its files have been put into it."""
        self._task.before_start()
        self._client.start(container)


def content(chunks: Iterable[bytes], name: str) -> bytes:
    """A file that came as a tar. AirflowException if it is none, or longer than anything that we write there."""
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

# ruff: noqa: ANN401 - the client has no types
"""What our containers need of a Docker engine that DockerOperator has no argument for."""

import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import msgspec

from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.dbt_plugins import PLUGINS

FOLDER = "/dbt-scheduler"
"""In a container: what its task and dbt give to each other."""

_GIVEN, _TAKEN = ("DBT_SCHEDULER_GIVEN_RESULTS",), ("DBT_SCHEDULER_RESULTS", "DBT_SCHEDULER_OUTCOME")
EXCHANGED = (*_GIVEN, *_TAKEN)
"""The variables that name files to our modules in dbt."""

_MOST_BYTES = 20_000_000


class Files(msgspec.Struct, frozen=True):
    """What goes into a container before it starts, by its path there, and comes out of it when it has ended."""

    put: Mapping[str, bytes] = {}
    take: Mapping[str, Path] = {}


def exchanged_files(exchanged: Mapping[str, Path]) -> Files:
    """What a run of dbt gets and gives, with the modules that dbt imports from its path for it."""
    put = {f"{PLUGINS.name}/{path.name}": path.read_bytes() for path in PLUGINS.glob("*.py")}
    put |= {path.name: path.read_bytes() for name, path in exchanged.items() if name in _GIVEN}
    return Files(
        put, {f"{FOLDER}/{exchanged[name].name}": exchanged[name] for name in _TAKEN if name in exchanged}
    )


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


def archive(files: Mapping[str, bytes]) -> bytes:
    """A tar of the folder that any user in the container may write to."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        folders = {str(PurePosixPath(name).parent) for name in files} - {"."}
        for folder in (FOLDER, *(f"{FOLDER}/{name}" for name in sorted(folders))):
            entry = tarfile.TarInfo(folder.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(entry)
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{FOLDER}/{name}".lstrip("/"))
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return written.getvalue()


def content(chunks: Iterable[bytes], name: str) -> bytes:
    """A file that came as a tar. AirflowException if it is none, or longer than anything that we write there."""
    read = bytearray()
    for chunk in chunks:
        read += chunk
        if len(read) > _MOST_BYTES:
            raise AirflowException(f"{name} in the container is longer than {_MOST_BYTES} bytes")
    with tarfile.open(fileobj=io.BytesIO(read)) as tar:
        member = tar.next()
        found = tar.extractfile(member) if member and member.isfile() else None
        if found is None:
            raise AirflowException(f"{name} in the container is not a file")
        return found.read()

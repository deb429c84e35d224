"""The files exchanged with dbt in a container, and the modules that dbt imports from its path."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from dbt_scheduler.airflow.dbt_tasks.plugins import PLUGINS

FOLDER = "/dbt-scheduler"
"""The folder in a container for the files that its task and dbt exchange."""

_GIVEN, TAKEN = ("DBT_SCHEDULER_GIVEN_RESULTS",), ("DBT_SCHEDULER_RESULTS", "DBT_SCHEDULER_OUTCOME")
EXCHANGED = (*_GIVEN, *TAKEN)
"""The variables that tell our modules in dbt's process the paths of files."""


class Files(msgspec.Struct, frozen=True):
    """Files to copy into a container before it starts, by path, and paths to copy out when it has finished."""

    put: Mapping[str, bytes] = {}
    take: Mapping[str, Path] = {}


def exchanged_files(exchanged: Mapping[str, Path]) -> Files:
    """The files that one run of dbt reads and writes, with the modules that dbt imports from its path."""
    put = {f"{PLUGINS.name}/{path.name}": path.read_bytes() for path in PLUGINS.glob("*.py")}
    put |= {path.name: path.read_bytes() for name, path in exchanged.items() if name in _GIVEN}
    return Files(
        put, {f"{FOLDER}/{exchanged[name].name}": exchanged[name] for name in TAKEN if name in exchanged}
    )


def archive(files: Mapping[str, bytes]) -> bytes:
    """A tar archive of the folder, to which any user in the container may write."""
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

# ruff: noqa: ANN401 - Google's clients have no types here
"""Exchanges files with a Cloud Run job of dbt, as objects in a bucket that the job mounts as a folder.

A job's files are gone when it has finished. Cloud Logging has its output, but with a delay, unless the project excludes
it, and within a quota that all readers of the project share: not reliable enough to decide the result of a task.
"""

import gzip
import io
from collections.abc import Iterable
from typing import Any

from google.api_core.exceptions import NotFound

from dbt_scheduler.airflow.dbt_tasks.image_files import archive
from dbt_scheduler.airflow.dbt_tasks.image_runs import ImageRun, exports
from dbt_scheduler.airflow.dbt_tasks.slices import FROM_SLICES

MOUNTED = "DBT_SCHEDULER_MOUNTED"
"""The variable with the path of the mounted bucket, for the script."""

OUTPUT = "output"
"""The object that is written last: dbt's output."""

_GIVEN = "given"
_PATH = "/mnt/dbt-scheduler"
_VOLUME = "dbt-scheduler"
_MOST_OUTPUT = 5_000_000
_MOST_BYTES = 20_000_000

# Any user of an image can write: https://github.com/GoogleCloudPlatform/gcsfuse
_FOR_ALL = ["dir-mode=777", "file-mode=666"]

# dbt is a child of the shell, which prints and keeps its output. SIGTERM is passed on to dbt.
_RUN = (
    'mkfifo "$folder/pipe" || exit 70; tee "$folder/output" <"$folder/pipe" & tee=$!; '
    """trap 'kill -TERM "$dbt"; wait "$dbt"; exit 143' TERM; """
    '"$@" >"$folder/pipe" 2>&1 & dbt=$!; wait "$dbt"; code=$?; wait "$tee"; '
)


class JobFiles:
    """The objects of one task instance in the bucket."""

    def __init__(self, bucket: Any, digest: str) -> None:
        self._bucket = bucket
        self._prefix = f"dbt-scheduler.{digest}."

    def put(self, run: ImageRun) -> None:
        """Upload a run's files, and delete those of an earlier run."""
        self.clear(run)
        packed = gzip.compress(archive(run.files.put), mtime=0)
        self._bucket.blob(self._prefix + _GIVEN).upload_from_string(packed)

    def take(self, run: ImageRun) -> list[str] | None:
        """Download a run's files; returns the lines of its output, or None if it ended before it wrote any."""
        output = self._read(OUTPUT)
        if output is None:
            return None
        for path in run.files.take.values():
            if content := self._read(path.name):
                path.write_bytes(content)
        return output.decode(errors="backslashreplace").splitlines()

    def clear(self, run: ImageRun) -> None:
        """Delete all of a run's objects."""
        for name in self._names(run):
            try:
                self._bucket.blob(self._prefix + name).delete()
            except NotFound:
                continue

    def close(self) -> None:
        """Close the connections to the bucket; later calls open new ones."""
        self._bucket.client.close()

    def script(self, run: ImageRun) -> str:
        """The shell script that runs dbt in the job; its ``$0`` is the runner of slices."""
        mounted = f'"$mounted/{self._prefix}'
        lines = [
            f'mounted=${MOUNTED}; unset {MOUNTED}; folder=$(mktemp -d) && tar -xzf {mounted}{_GIVEN}" -C "$folder"'
            " || exit 70; ",
            exports(run.exchanged),
            FROM_SLICES if run.slices else "",
            _RUN,
            *(
                f'[ ! -e "$folder"{inside} ] || cp "$folder"{inside} {mounted}{path.name}" || exit 70; '
                for inside, path in run.files.take.items()
            ),
            f'tail -c {_MOST_OUTPUT} "$folder/output" >{mounted}{OUTPUT}" || exit 70; exit "$code"',
        ]
        return "".join(lines)

    def _read(self, name: str) -> bytes | None:
        content = _Bounded()
        try:
            self._bucket.blob(self._prefix + name).download_to_file(content)
        except NotFound:
            return None
        return content.getvalue()

    def _names(self, run: ImageRun) -> Iterable[str]:
        return (_GIVEN, OUTPUT, *(path.name for path in run.files.take.values()))


def with_bucket(task: dict[str, Any], bucket: str) -> None:
    """Mount a bucket as a folder in a job's task; a variable of its container has the path."""
    task["volumes"] = [{"name": _VOLUME, "gcs": {"bucket": bucket, "mount_options": _FOR_ALL}}]
    (container,) = task["containers"]
    container["volume_mounts"] = [{"name": _VOLUME, "mount_path": _PATH}]
    container["env"].append({"name": MOUNTED, "value": _PATH})


class _Bounded(io.BytesIO):
    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > _MOST_BYTES:
            raise ValueError(f"it is larger than {_MOST_BYTES} bytes")
        return super().write(data)

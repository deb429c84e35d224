"""The shell script that runs dbt in a pod: it gets files from variables, and prints the files with dbt's results."""

import gzip
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from dbt_scheduler.airflow.compat import AirflowException
from dbt_scheduler.airflow.containers.kubernetes_output import GIVE
from dbt_scheduler.airflow.dbt_tasks.image_files import Files, archive
from dbt_scheduler.airflow.dbt_tasks.image_runs import exports
from dbt_scheduler.airflow.dbt_tasks.slices import FROM_SLICES

_LONGEST = 100_000
"""Linux limits a variable to 131,072 bytes."""

_MOST = 1_000_000
"""etcd limits a pod's whole spec to 1.5 MB."""

# dbt is a child of the shell, which prints the files after it. SIGTERM is passed on to dbt.
_RUN = """trap 'kill -TERM "$dbt"; wait "$dbt"; exit 143' TERM; "$@" & dbt=$!; wait "$dbt"; code=$?; """


def script(files: Files, exchanged: Mapping[str, Path], *, slices: bool) -> tuple[str, dict[str, str]]:
    """The script, whose ``$0`` is the runner of slices, and its variables. AirflowException if files are too large."""
    packed = b64encode(gzip.compress(archive(files.put), mtime=0)).decode()
    if len(packed) > _MOST:
        raise AirflowException(
            "The results of this run are too large for the pod of the on-run-end hooks: set "
            "`project_hooks: every_task` in platform.yaml or scheduler.yaml."
        )
    parts = {
        f"DBT_SCHEDULER_FILES_{number}": packed[start : start + _LONGEST]
        for number, start in enumerate(range(0, len(packed), _LONGEST))
    }
    lines = [
        GIVE,
        f'folder=$(mktemp -d) && printf %s "{"".join(f"${name}" for name in parts)}" | base64 -d'
        ' | tar -xzf - -C "$folder" || exit 70; ',
        f"unset {' '.join(parts)}; ",
        exports(exchanged),
        FROM_SLICES if slices else "",
        _RUN,
        *(f'give "$folder"{inside}; ' for inside in files.take),
        'exit "$code"',
    ]
    return "".join(lines), parts

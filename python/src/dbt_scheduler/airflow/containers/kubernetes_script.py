"""The shell script that runs dbt in a pod: our files get in as variables, and it prints what dbt did."""

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
"""Linux has no variable of more than 131,072 bytes."""

_MOST = 1_000_000
"""A pod's whole spec has to fit into the 1.5 MB that etcd takes."""

# dbt is not the shell's successor, but its child: something has to print the files. A stop is passed on to it.
_RUN = """trap 'kill -TERM "$dbt"; wait "$dbt"; exit 143' TERM; "$@" & dbt=$!; wait "$dbt"; code=$?; """


def script(files: Files, exchanged: Mapping[str, Path], *, slices: bool) -> tuple[str, dict[str, str]]:
    """The script, whose ``$0`` is the runner of slices, and its variables. AirflowException if files are too long."""
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

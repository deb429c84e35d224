"""Distributes tests to the workers of pytest-xdist by file, so that expensive fixtures are shared and no worker is idle.

The fixtures of some folders are slow to start: an Airflow takes fifteen seconds per worker.
"""

from collections import Counter
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any

from xdist.scheduler import LoadScopeScheduling

LONGEST = ("airflow", "slices", "repository", "browser", "adopt", "dbt_package", "integration")
"""The folders that take longest, which start first."""

LONG_FILES = (
    "resume",
    "docker",
    "kubernetes",
    "dbt_slices",
    "dbt_outcome",
    "cloud_run_dbt",
    "dbt",
    "forked",
    "sensor",
)
"""The slowest of the Airflow files start first, so that short ones are left at the end."""


class ByFile(LoadScopeScheduling):
    """Assigns files to workers with ``next_file``."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0]

    def _assign_work_unit(self, node: Any) -> None:
        begun = {file for files in self.assigned_work.values() for file in files}
        file = next_file(self.workqueue, [*self.assigned_work.get(node, ())], begun)
        self.workqueue.move_to_end(file, last=False)
        super()._assign_work_unit(node)


def next_file(left: Collection[str], own: list[str], begun: Collection[str]) -> str:
    """The next file for a worker: from the folder of its last file, else from a new folder, else from the largest rest.

    ``left`` are the unassigned files in the order to run them, ``own`` the worker's files, and ``begun`` the files of all
    workers.
    """
    folders = Counter(folder_of(file) for file in left)
    known = {folder_of(file) for file in own}
    if own and folder_of(own[-1]) in folders:
        folder = folder_of(own[-1])
    elif untouched := folders.keys() - {folder_of(file) for file in begun}:
        folder = min(untouched, key=_order)
    else:
        folder = max(folders, key=lambda each: (each in known, folders[each]))
    return min((file for file in left if folder_of(file) == folder), key=_order_in_folder)


def folder_of(file: str) -> str:
    """The top-level folder in ``tests`` of a file."""
    _, *folders, _ = PurePosixPath(file).parts
    return folders[0] if folders else ""


def _order(folder: str) -> tuple[int, str]:
    return LONGEST.index(folder) if folder in LONGEST else len(LONGEST), folder


def _order_in_folder(file: str) -> int:
    name = PurePosixPath(file).stem.removeprefix("test_airflow_")
    return LONG_FILES.index(name) if name in LONG_FILES else len(LONG_FILES)

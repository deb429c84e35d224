"""Sends dbt's output to a temporary folder, if the platform names none and dbt cannot write to the project's."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_PATHS = {"DBT_TARGET_PATH": "target", "DBT_LOG_PATH": "logs"}
"""dbt's variables, and its default folders in the project."""

_PARSED = "DBT_PARTIAL_PARSE_FILE_PATH"


@contextmanager
def writable_paths(project: Path, env: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The variables to add to dbt's environment, so that it can write its files; empty if it can anyway.

    The project's partial parse file is still used.
    """
    lacking = {
        name: folder
        for name, folder in _PATHS.items()
        if name not in env and not _can_write(project / folder)
    }
    if not lacking:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="dbt-scheduler-") as place:
        added = {name: str(Path(place, folder)) for name, folder in lacking.items()}
        parsed = project / "target" / "partial_parse.msgpack"
        if "DBT_TARGET_PATH" in added and _PARSED not in env and parsed.is_file():
            added[_PARSED] = str(parsed.resolve())
        yield added


def _can_write(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder if folder.exists() else folder.parent):
            return True
    except OSError:
        return False

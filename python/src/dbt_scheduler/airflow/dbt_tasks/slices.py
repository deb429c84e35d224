"""Determines whether a dbt task can run from a slice: the project is sliced, and the runner is installed beside dbt."""

import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

INDEX = Path(".dbt_scheduler", "slices", "index.jsonl")
"""The file that ``dbt-scheduler slice`` writes last, relative to the project's folder."""

_SELECT = "--select"
RUNNER = "dbt-sliced"
"""The program that runs dbt from slices, installed beside dbt."""

FROM_SLICES = (
    f'if [ -e {INDEX} ] && command -v "$0" >/dev/null 2>&1; then set -- "$0" "$@"; '
    'elif [ "$1" = --for ]; then shift 2; fi; '
)
"""Shell code for an image: uses the runner (``$0``) if there are slices, or else the plain command."""


def runs_nodes(command: Sequence[str]) -> bool:
    """Whether a dbt command builds, tests or compiles nodes, and does not only run the project's hooks."""
    return not {"build", "test", "compile"}.isdisjoint(command[1:2]) and "*" not in command


def has_slices(project: Path, command: Sequence[str]) -> bool:
    """Whether a command may run from slices of a project; also if they cannot be read: the runner gives the reason."""
    try:
        return runs_nodes(command) and (project / INDEX).exists()
    except OSError:
        return True


def with_slice_of(selecting: Sequence[str], command: Sequence[str]) -> list[str]:
    """The arguments of the runner: a command that selects nothing uses the slice of the command that selects a node."""
    if _SELECT in command:
        return [*command]
    return ["--for", selecting[selecting.index(_SELECT) + 1], *command]


def runner_of(program: str, path: str | None) -> Path | None:
    """The runner in dbt's environment; None if dbt-scheduler is not installed there, or the program is not dbt."""
    found = shutil.which(program, path=path)
    if found is None or Path(found).stem != "dbt":
        return None
    beside = (Path(found).with_name(RUNNER), Path(found).resolve().with_name(RUNNER))
    return next((runner for runner in beside if runner.exists()), None)


def is_of_this_environment(runner: Path) -> bool:
    """Whether a runner's dbt is the one that this process can import."""
    return runner.parent == Path(sys.executable).parent and find_spec("dbt") is not None

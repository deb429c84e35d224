"""Where a dbt task can run from a slice: the project has been sliced, and the runner is installed beside dbt."""

import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

INDEX = Path(".dbt_scheduler", "slices", "index.jsonl")
"""What ``dbt-scheduler slice`` writes last, in the project's folder."""

_SELECT = "--select"
RUNNER = "dbt-sliced"
"""The program that runs dbt from slices, beside dbt."""

FROM_SLICES = (
    f'if [ -e {INDEX} ] && command -v "$0" >/dev/null 2>&1; then set -- "$0" "$@"; '
    'elif [ "$1" = --for ]; then shift 2; fi; '
)
"""In the shell of an image: makes of what the runner gets, which is ``$0``, the plain command where there is none."""


def runs_nodes(command: Sequence[str]) -> bool:
    """Whether a command of dbt builds, tests or compiles nodes, and does not only run the project's hooks."""
    return not {"build", "test", "compile"}.isdisjoint(command[1:2]) and "*" not in command


def has_slices(project: Path, command: Sequence[str]) -> bool:
    """Whether a command may run from slices of a project; the runner says why, where they cannot be looked at."""
    try:
        return runs_nodes(command) and (project / INDEX).exists()
    except OSError:
        return True


def with_slice_of(selecting: Sequence[str], command: Sequence[str]) -> list[str]:
    """What the runner gets: a command that selects nothing itself reads the slice of the one that selects a node."""
    if _SELECT in command:
        return [*command]
    return ["--for", selecting[selecting.index(_SELECT) + 1], *command]


def runner_of(program: str, path: str | None) -> Path | None:
    """The runner in dbt's environment; None where dbt-scheduler is not installed in it, or dbt is something else."""
    found = shutil.which(program, path=path)
    if found is None or Path(found).stem != "dbt":
        return None
    beside = (Path(found).with_name(RUNNER), Path(found).resolve().with_name(RUNNER))
    return next((runner for runner in beside if runner.exists()), None)


def is_of_this_environment(runner: Path) -> bool:
    """Whether a runner's dbt is the one that this process can import."""
    return runner.parent == Path(sys.executable).parent and find_spec("dbt") is not None

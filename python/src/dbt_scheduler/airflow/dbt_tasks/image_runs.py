"""A run of dbt in a container image: its command, environment and files."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from dbt_scheduler.airflow.dbt_tasks.image_files import EXCHANGED, FOLDER, Files, exchanged_files
from dbt_scheduler.airflow.dbt_tasks.plugins import PLUGINS
from dbt_scheduler.airflow.dbt_tasks.slices import RUNNER, runs_nodes, with_slice_of


class ImageRun(msgspec.Struct, frozen=True):
    """A command line and its variables; those that name files of the worker are in ``exchanged`` instead.

    ``runner`` is the program that runs dbt from slices, if the image has some and ``slices`` is true.
    """

    words: Sequence[str]
    env: Mapping[str, str]
    runner: str
    slices: bool
    exchanged: Mapping[str, Path]
    files: Files


def image_run(selecting: Sequence[str], command: Sequence[str], env: Mapping[str, str]) -> ImageRun:
    """A run of ``command`` in the task whose own command is ``selecting``."""
    own = dict(env)
    exchanged = {name: Path(own.pop(name)) for name in EXCHANGED if name in own}
    if exchanged:
        del own["PYTHONPATH"]  # a path of the worker
    slices = runs_nodes(command)
    words = with_slice_of(selecting, command) if slices else command
    runner = str(PurePosixPath(command[0]).with_name(RUNNER))
    return ImageRun(words, own, runner, slices, exchanged, exchanged_files(exchanged))


def exports(exchanged: Mapping[str, Path]) -> str:
    """Shell code that makes dbt import our modules and find the files, which are unpacked in ``$folder``."""
    folder = f'"$folder"{FOLDER}'
    return "".join(
        [
            f'export DBT_SCHEDULER_STOP=1 PYTHONPATH={folder}/{PLUGINS.name}"${{PYTHONPATH:+:$PYTHONPATH}}"; ',
            *(f"export {name}={folder}/{path.name}; " for name, path in exchanged.items()),
        ]
    )

"""A dbt run in a container image: its command, environment and files."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from dbt_scheduler.airflow.dbt_tasks.image_files import EXCHANGED, FOLDER, Files, exchanged_files
from dbt_scheduler.airflow.dbt_tasks.plugins import PLUGINS
from dbt_scheduler.airflow.dbt_tasks.slices import RUNNER, runs_nodes, with_slice_of


class ImageRun(msgspec.Struct, frozen=True):
    """The words of a command and its variables, without those that name files of the worker, which are ``exchanged``.

    ``runner`` is the program that runs dbt from slices, where the image has some and ``slices`` says that it may.
    """

    words: Sequence[str]
    env: Mapping[str, str]
    runner: str
    slices: bool
    exchanged: Mapping[str, Path]
    files: Files


def image_run(selecting: Sequence[str], command: Sequence[str], env: Mapping[str, str]) -> ImageRun:
    """A run of a command of a task, whose own command is ``selecting``."""
    own = dict(env)
    exchanged = {name: Path(own.pop(name)) for name in EXCHANGED if name in own}
    if exchanged:
        del own["PYTHONPATH"]  # which is about the worker
    slices = runs_nodes(command)
    words = with_slice_of(selecting, command) if slices else command
    runner = str(PurePosixPath(command[0]).with_name(RUNNER))
    return ImageRun(words, own, runner, slices, exchanged, exchanged_files(exchanged))


def exports(exchanged: Mapping[str, Path]) -> str:
    """What makes dbt import our modules and find its files, which have been unpacked below ``$folder``."""
    folder = f'"$folder"{FOLDER}'
    return "".join(
        [
            f'export DBT_SCHEDULER_STOP=1 PYTHONPATH={folder}/{PLUGINS.name}"${{PYTHONPATH:+:$PYTHONPATH}}"; ',
            *(f"export {name}={folder}/{path.name}; " for name, path in exchanged.items()),
        ]
    )

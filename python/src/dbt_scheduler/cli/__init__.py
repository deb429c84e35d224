"""The command line: reads options, calls the layer below, shows what it says, and sets the exit code.

Data goes to stdout, messages to stderr. Exit code 0: clean; 1: findings; 2: could not run; 70: a bug of ours.
"""

import atexit
import errno
import gc
import os
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from dbt_scheduler import __version__
from dbt_scheduler.cli.groups import Group

_BUG = 70
"""``EX_SOFTWARE`` of BSD's sysexits.h."""

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EPIPE)
"""What a full disk answers, and a reader that has gone."""

_COMMANDS = {
    "init": "init",
    "check": "projects",
    "compile": "projects",
    "report": "report",
    "publish": "publish",
    "pools": "pools",
    "registry": "registry",
    "history": "history",
    "waits": "waits",
    "explain": "explain",
    "doctor": "doctor",
    "run": "run",
    "slice": "slice",
    "resume": "resume",
    "rerun": "rerun",
    "backfill": "backfill",
    "pause": "pause",
    "adopt": "adopt",
}
"""Each command's module, in the order of the help."""


class _Commands(Group):
    """Imports a command when it is asked for: an HTTP client alone takes as long as all of a small check."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"{__name__}.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(
            module, f"{cmd_name}_" if cmd_name in ("compile", "slice") else cmd_name
        )
        return command

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's own signature
        """Run a command; a traceback of ours gets an exit code that no finding has."""
        try:
            try:
                return super().main(*args, **kwargs)
            finally:
                if sys.stdout is not None:  # closed before
                    sys.stdout.flush()  # what does not fit on the disk fails here, and not when Python ends
        except Exception as error:  # noqa: BLE001 - it is shown, whole
            if isinstance(error, OSError) and error.errno in _UNWRITABLE:
                _give_up_output()
                click.echo(f"the output cannot be written: {(error.strerror or '').lower()}", err=True)
                sys.exit(2)
            traceback.print_exc()
            click.echo("This is a bug in dbt-scheduler: please report it with the lines above.", err=True)
            sys.exit(_BUG)


def _give_up_output() -> None:
    """Let Python not try again, when it ends, to write what is left: the exit code would be its own."""
    with suppress(OSError):  # it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="The options of a command may stand before its name too.",
)
@click.version_option(__version__, prog_name="dbt-scheduler")
def main() -> None:
    """Airflow DAGs from dbt projects of many teams that wait for each other exactly."""


def program() -> None:
    """The command line in a process of its own."""
    # A command keeps nearly all that it makes: a fifth of its time would go into looking for garbage, while it runs
    # and, where nothing is frozen, when Python ends.
    gc.disable()
    atexit.register(gc.freeze)
    main()

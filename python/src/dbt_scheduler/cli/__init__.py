"""The command line: parses options, calls the layers below, prints the result, and sets the exit code.

Data goes to stdout, messages to stderr. Exit code 0: success; 1: findings; 2: could not run; 70: a bug in
dbt-scheduler; 130: interrupted.
"""

import atexit
import errno
import gc
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

import click

from dbt_scheduler import __version__
from dbt_scheduler.cli.examples import examples
from dbt_scheduler.cli.groups import Group

_BUG = 70
"""``EX_SOFTWARE`` of BSD's sysexits.h."""

_INTERRUPTED = 130
"""128 plus the number of SIGINT, a shell's exit code for a command ended by Ctrl-C."""

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EPIPE)
"""The errors of a full disk, an exceeded quota or file size, and a closed pipe."""

_COMMANDS = {
    "Team commands": {
        "init": "init",
        "adopt": "adopt",
        "check": "projects",
        "compile": "projects",
        "report": "report",
        "publish": "publish",
        "slice": "slice",
    },
    "Registry commands": {
        "registry": "registry",
        "history": "history",
        "waits": "waits",
    },
    "Airflow commands": {
        "explain": "explain",
        "run": "run",
        "rerun": "rerun",
        "backfill": "backfill",
        "pause": "pause",
        "resume": "resume",
        "pools": "pools",
        "doctor": "doctor",
    },
}
"""Each command's module, by the sections and in the order of the help."""

_MODULES = {name: module for section in _COMMANDS.values() for name, module in section.items()}


class _Commands(Group):
    """Imports a command only when it is needed: importing an HTTP client alone takes as long as a small check."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_MODULES]

    def sections(self, ctx: click.Context) -> Mapping[str, Iterable[str]]:
        return _COMMANDS

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return None
        module = import_module(f"{__name__}.{_MODULES[cmd_name]}")
        command: click.Command = getattr(
            module, f"{cmd_name}_" if cmd_name in ("compile", "slice") else cmd_name
        )
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401 - click's own signature
        """Like click's method, in which click prints ``--help``."""
        with _interruptible():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Like click's method, but an interrupted command does not exit with 1, the exit code for findings."""
        with _interruptible():
            return super().invoke(ctx)

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's own signature
        """Run a command; an unhandled exception gets its own exit code."""
        try:
            try:
                return super().main(*args, **kwargs)
            finally:
                if sys.stdout is not None:  # None if the process was started with a closed stdout
                    sys.stdout.flush()  # a full disk raises here, not when Python exits
        except Exception as error:  # noqa: BLE001 - printed with its traceback
            if isinstance(error, OSError) and error.errno in _UNWRITABLE:
                _give_up_output()
                click.echo(f"the output cannot be written: {(error.strerror or '').lower()}", err=True)
                sys.exit(2)
            traceback.print_exc()
            click.echo("This is a bug in dbt-scheduler: please report it with the traceback above.", err=True)
            sys.exit(_BUG)


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, click.Abort):  # click raises Abort for Ctrl-C and Ctrl-D at a prompt
        click.echo("\ninterrupted", err=True)
        raise click.exceptions.Exit(_INTERRUPTED) from None


def _give_up_output() -> None:
    """Discard the rest of the output: Python would flush it again at exit, and change the exit code."""
    with suppress(OSError):  # stdout has no file descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="The options of a command may also be given before its name.\n\n"
    + examples("check shop shipping", "compile shop shipping --out out", "report base head"),
)
@click.version_option(__version__, prog_name="dbt-scheduler")
def main() -> None:
    """Build Airflow DAGs from the dbt projects of many teams, with cross-team dependencies between individual tasks."""


def program() -> None:
    """Run the command line in its own process."""
    # A command keeps nearly all of its objects. Garbage collection would take a fifth of its time: while it runs and,
    # unless the objects are frozen, when Python exits.
    gc.disable()
    atexit.register(gc.freeze)
    main()

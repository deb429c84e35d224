"""The command line: reads options, calls the layer below, shows what it says, and sets the exit code.

Data goes to stdout, talk to stderr. Exit code 0: clean; 1: findings; 2: could not run.
"""

from importlib import import_module

import click

from dbt_scheduler import __version__

_COMMANDS = {
    "check": "projects",
    "compile": "projects",
    "report": "report",
    "publish": "publish",
    "pools": "pools",
    "registry": "registry",
    "waits": "waits",
    "explain": "explain",
    "run": "run",
    "resume": "resume",
    "adopt": "adopt",
}
"""Each command's module, in the order of the help."""


class _Commands(click.Group):
    """Imports a command when it is asked for: an HTTP client alone takes as long as all of a small check."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"{__name__}.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, "compile_" if cmd_name == "compile" else cmd_name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dbt-scheduler")
def main() -> None:
    """Airflow DAGs from dbt projects of many teams that wait for each other exactly."""

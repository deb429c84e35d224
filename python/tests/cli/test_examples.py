"""Every command's ``--help`` ends with examples, and click's parser accepts each of them."""

import shlex
from collections.abc import Iterator

import click
import pytest

from dbt_scheduler.cli import main


def commands(command: click.Command, *names: str) -> Iterator[tuple[str, ...]]:
    """The names of each command and subcommand."""
    yield names
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, *names, name)


def parse(arguments: list[str]) -> None:
    """Parse the command line like click, without running the command; raises click's UsageError."""
    command: click.Command = main
    name: str | None = "dbt-scheduler"
    while isinstance(command, click.Group):
        name, found, arguments = command.resolve_command(click.Context(command), arguments)
        assert found is not None
        command = found
    command.make_context(name, [*arguments])


def examples(names: tuple[str, ...]) -> list[list[str]]:
    """The examples in a command's help, as arguments of the program, without redirections."""
    command: click.Command = main
    for name in names:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    lines = command.get_help(click.Context(command)).partition("\n  Example")[2].splitlines()[1:]
    assert [line for line in lines if not line.startswith("    dbt-scheduler ")] == []
    return [shlex.split(line.partition(" > ")[0])[1:] for line in lines]


@pytest.mark.parametrize("names", list(commands(main)), ids=" ".join)
def test_help_ends_with_examples_that_the_parser_accepts(names: tuple[str, ...]) -> None:
    found = examples(names)
    assert found
    for arguments in found:
        assert tuple(arguments[: len(names)]) == names
        parse(arguments)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["chek"], "No such command 'chek'"),
        (["check", "--stict"], "No such option"),
        (["waits"], "Missing parameter: dag_id"),
        (["registry", "list", "--format", "xml"], "'xml' is not"),
    ],
)
def test_the_parser_refuses_what_is_no_command_line(arguments: list[str], problem: str) -> None:
    with pytest.raises(click.UsageError, match=problem):
        parse(arguments)

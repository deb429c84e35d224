"""The ``--format`` option, the same for all commands."""

import sys
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import click
import msgspec

from dbt_scheduler.files import encode_json
from dbt_scheduler.findings.printable import printable_json

_Value = TypeVar("_Value")
_Command = TypeVar("_Command", bound=Callable[..., object])


class Output(Generic[_Value]):
    """The formats of a command's result, each with what makes its text; the usual one is the first, or named."""

    def __init__(
        self,
        formats: Mapping[str, Callable[[_Value], str]],
        *,
        usual: str | None = None,
        text: str | None = None,
    ) -> None:
        self._formats = formats
        self._usual = usual or next(iter(formats))
        self._help = text

    def option(self, command: _Command) -> _Command:
        """Add ``--format``; the command gets it as ``style``."""
        choice = click.Choice([*self._formats])
        add = click.option(
            "--format", "style", type=choice, default=self._usual, show_default=True, help=self._help
        )
        return add(command)

    def show(self, style: str, value: _Value) -> None:
        """Print the result on stdout."""
        sys.stdout.write(self._formats[style](value))


def as_json(value: object, *, in_order: bool = False) -> str:
    """A value as JSON on several lines: keys sorted, or in the order of their declaration."""
    document = msgspec.json.format(msgspec.json.encode(value)) + b"\n" if in_order else encode_json(value)
    return printable_json(document)

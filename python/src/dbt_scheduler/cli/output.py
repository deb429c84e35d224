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
    """The formats of a command's result, each with the function that renders it.

    The first one is the default, unless ``default`` names another one. ``text`` is the help of the option.
    """

    def __init__(
        self,
        formats: Mapping[str, Callable[[_Value], str]],
        *,
        default: str | None = None,
        text: str | None = None,
    ) -> None:
        self._formats = formats
        self._default = default or next(iter(formats))
        self._help = text

    def option(self, command: _Command) -> _Command:
        """Add ``--format``, which is passed to the command as ``style``."""
        choice = click.Choice([*self._formats])
        add = click.option(
            "--format", "style", type=choice, default=self._default, show_default=True, help=self._help
        )
        return add(command)

    def show(self, style: str, value: _Value) -> None:
        """Print the result on stdout."""
        sys.stdout.write(self._formats[style](value))


def as_json(value: object, *, in_order: bool = False) -> str:
    """A value as indented JSON, with sorted keys, or with keys in the order of their declaration."""
    document = msgspec.json.format(msgspec.json.encode(value)) + b"\n" if in_order else encode_json(value)
    return printable_json(document)

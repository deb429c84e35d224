"""The values that pass between the compiler and a task kind."""

import re
from collections.abc import Callable

import msgspec


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a task runs, before it is decided where.

    ``command`` items and ``env`` values are Airflow templates: text of a team's passes through ``literal``
    first. ``cwd`` is relative to the folder of the spec, or absolute. ``settings`` are the kind's own keys of
    the task. ``table_check`` is a command that fails if the table of a dbt microbatch model does not exist.
    """

    name: str
    command: tuple[str, ...]
    cwd: str
    env: dict[str, str]
    image: str | None = None
    settings: dict[str, object] = {}
    table_check: tuple[str, ...] = ()


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What ``platform.yaml`` says about where a kind runs; ``settings`` are that place's own keys."""

    where: str = "local"
    image: str | None = None
    pool: str | None = None
    settings: dict[str, object] = {}


class Operator(msgspec.Struct, frozen=True):
    """An allow-listed operator's import path, and its arguments as JSON values."""

    path: str
    arguments: dict[str, object]


Runner = Callable[[Job, Place], Operator]

# What opens a tag, or would together with the tag that follows; and the newlines that Jinja drops or changes.
_SPECIAL = re.compile(r"\{[{%#]|\{(?=[\r\n])|\r\n?|\n\Z")


def literal(text: str) -> str:
    """Text of a team's, written so that Airflow's template engine gives back exactly that text.

    >>> literal("echo {{ conn.db.password }}")
    "echo {{ '{{' }} conn.db.password }}"
    """
    return _SPECIAL.sub(lambda special: f"{{{{ {special[0]!r} }}}}", text)

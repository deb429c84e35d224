"""Task kinds: one module each, named like the kind. ``places`` defines where their tasks run."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from dbt_scheduler.plugin_folder import plugins


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A key of one or several places, or of a kind's tasks.

    ``schema`` is the JSON Schema of its value; ``by_task``: a task may override it. Every job of the place needs a
    ``required`` key; only some kinds or tasks need one that is ``needed_by`` them. A task with the key cannot have the
    keys in ``instead_of``. The description continues a sentence after a colon: ``the Google Cloud region``.
    """

    description: str
    schema: dict[str, Any]
    example: object
    default: object = None
    by_task: bool = False
    required: bool = False
    needed_by: tuple[str, ...] = ()
    instead_of: tuple[str, ...] = ()


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A task kind.

    ``where`` and ``pool`` are the defaults of ``platform.yaml`` for the place and the Airflow pool. A task in
    ``scheduler.yaml`` needs at least one of the ``required`` keys, each with an example for hints. Kinds that are not
    ``declared`` are those of dbt nodes. ``keys`` are further keys of such a task; ``platform.yaml`` does not have them.
    """

    description: str
    where: str
    pool: str | None = None
    required: Mapping[str, str | None] = {}
    declared: bool = True
    keys: Mapping[str, Setting] = {}


@cache
def kinds() -> Mapping[str, Kind]:
    """All kinds by name."""
    return plugins(__name__, Kind)


class Template(str):
    """A template that Airflow renders when the task starts. Any operation on it returns a literal."""

    __slots__ = ()


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The job of a task, independent of its place.

    All strings are literals for Airflow, unless they are ``Template``. ``cwd`` is relative to the folder of the spec,
    or absolute. ``settings`` are the task's own values of settings of its place and kind; ``labels`` identify cost.
    ``table_check`` is a command that fails if the table of a dbt microbatch model does not exist. ``project_hooks`` are
    the project's own hooks to run, or ``none``; None leaves them to dbt. With ``keep_results``, the results are kept
    for the task that has this one in ``results_of``. With ``preload``, dbt runs in a fork of the worker.
    """

    name: str
    command: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    image: str | None = None
    settings: dict[str, object] = {}
    labels: Mapping[str, str] = {}
    table_check: tuple[str, ...] = ()
    project_hooks: str | None = None
    keep_results: bool = False
    results_of: tuple[str, ...] = ()
    preload: bool = False


# Delimiters; a brace before a line break that becomes one; and line breaks that Jinja removes or changes.
_SPECIAL = re.compile(r"\{[{%#]|\{(?=[\r\n])|\r\n?|\n\Z")


def with_literals(value: object) -> object:
    """Escape an operator's arguments for a spec: Airflow renders only ``Template`` values.

    This is the only border between untrusted text and Airflow's template engine.
    """
    match value:
        case Template():
            return str(value)
        case str():
            return literal(value)
        case dict():
            return {key: with_literals(each) for key, each in value.items()}
        case list() | tuple():
            return [with_literals(each) for each in value]
        case _:
            return value


def literal(text: str) -> str:
    """Escape text, so that Airflow's template engine renders exactly that text.

    >>> literal("echo {{ conn.db.password }}") "echo {{ '{{' }} conn.db.password }}"
    """
    return _SPECIAL.sub(lambda special: f"{{{{ {special[0]!r} }}}}", text)

"""Task kinds: one module each, called like the kind. Where their tasks run, ``places`` knows."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from dbt_scheduler.plugin_folder import plugins


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A key of a place's own, or the same one of several places; or one of a kind's tasks.

    ``schema`` says what its value is; ``by_task``: a task may have its own value. One that is ``required`` every
    job of the place needs, one that is ``needed_by`` kinds, or by keys of a task, only those jobs.
    A task that has it has no key that it is ``instead_of``. The description goes on after a colon:
    ``the Google Cloud region``.
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
    """What there is to know of a kind of tasks.

    ``where`` is the place and ``pool`` the Airflow pool of its tasks where ``platform.yaml`` names none. A task in
    ``scheduler.yaml`` has at least one of the keys that are ``required``, each with an example where a hint shall
    show one. Tasks of a kind that is not ``declared`` are those of dbt nodes. ``keys`` are what such a task may say
    besides, of what it runs: they are nothing to a platform.
    """

    description: str
    where: str
    pool: str | None = None
    required: Mapping[str, str | None] = {}
    declared: bool = True
    keys: Mapping[str, Setting] = {}


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind, by its name."""
    return plugins(__name__, Kind)


class Template(str):
    """Text of our own that Airflow renders when the task starts. Text made from one is a literal again."""

    __slots__ = ()


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a task runs, before it is decided where.

    Every text is a literal, also for Airflow, unless it is a ``Template``. ``cwd`` is relative to the folder of
    the spec, or absolute. ``settings`` are the kind's own keys of the task; ``labels`` say whose cost it is.
    ``table_check`` is a command that fails if the table of a dbt microbatch model does not exist. ``project_hooks``
    is the only kind of the project's own hooks that a dbt command may run, or ``none``; None leaves them to dbt.
    With ``keep_results`` what it did is kept for the task whose ``results_of`` names this one. With ``preload`` dbt
    runs in a fork of the worker.
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


# What opens a tag, or would together with the tag that follows; and the newlines that Jinja drops or changes.
_SPECIAL = re.compile(r"\{[{%#]|\{(?=[\r\n])|\r\n?|\n\Z")


def with_literals(value: object) -> object:
    """An operator's arguments as a spec holds them: Airflow renders each ``Template``, and nothing else.

    This is the one border between text of people, manifests and the registry, and Airflow's template engine.
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
    """Text written so that Airflow's template engine gives back exactly that text.

    >>> literal("echo {{ conn.db.password }}")
    "echo {{ '{{' }} conn.db.password }}"
    """
    return _SPECIAL.sub(lambda special: f"{{{{ {special[0]!r} }}}}", text)

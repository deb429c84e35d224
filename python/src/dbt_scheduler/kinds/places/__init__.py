"""The places where tasks run (``where`` in platform.yaml): one module each, named like the place.

When a DAG is compiled, a place turns a job into an Airflow operator and its arguments. Airflow's side builds only the
operators that places declare, see ``operators``.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeAlias

import msgspec

from dbt_scheduler.kinds import Job, Setting, kinds
from dbt_scheduler.plugin_folder import plugins

ANY_KIND = "*"
"""All kinds that a place does not list by name."""

QUEUEING = ("queue", "pool", "priority")
"""The keys of every kind that control scheduling and workers."""

_SECRET = re.compile(r"secret|passw|passphrase|token|api_?key|private_?key", re.IGNORECASE)

Arguments: TypeAlias = dict[str, object]


class PlaceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a kind in ``platform.yaml``; ``settings`` are the place's own keys.

    ``environment`` are the variables of the worker for a local process or a container, in addition to the usual ones.
    ``overrides`` are the keys that a team may set; None: all of them. Airflow's defaults apply if ``queue`` and
    ``priority`` are None.
    """

    where: str = "local"
    image: str | None = None
    pool: str | None = None
    queue: str | None = None
    priority: int | None = None
    environment: tuple[str, ...] = ()
    settings: dict[str, object] = {}
    overrides: tuple[str, ...] | None = None


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How a place runs the jobs of a kind: the import path of an operator, and a function that makes its arguments.

    Arguments are JSON values. All strings among them must be in ``template_fields``, which the operator renders,
    because ``with_literals`` escapes all of them.
    """

    operator: str
    template_fields: tuple[str, ...]
    arguments: Callable[[Job, PlaceSettings], Arguments]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place where tasks run; ``ways`` is by kind, or ``ANY_KIND``.

    ``requirement`` is the pip requirement of the operators in Airflow's environment. ``needs_image``: jobs are
    containers. ``shows_variables``: everyone who may view a job sees its variables; ``secrets_setting`` is the setting
    for secrets there, if any. ``refusal`` returns why the place does not support the values of a job, or None.
    ``longest_seconds`` is the maximum duration of a job.
    """

    description: str
    ways: Mapping[str, Way]
    requirement: str | None = None
    needs_image: bool = False
    shows_variables: bool = False
    secrets_setting: str | None = None
    settings: Mapping[str, Setting] = {}
    refusal: Callable[[Mapping[str, object]], str | None] | None = None
    longest_seconds: int | None = None


class Operator(msgspec.Struct, frozen=True):
    """The import path of an operator, and its arguments as JSON values; Airflow renders only ``Template`` values."""

    path: str
    arguments: Arguments


@cache
def places() -> Mapping[str, Place]:
    """All places by name."""
    return plugins(__name__, Place)


@cache
def places_of(kind: str) -> Mapping[str, Place]:
    """The places where a kind can run, its default first."""
    own = kinds()[kind].where
    able = {where for where, place in places().items() if kind in place.ways or ANY_KIND in place.ways}
    return {where: places()[where] for where in sorted(able, key=lambda where: (where != own, where))}


@cache
def settings_of(kind: str) -> Mapping[str, Setting]:
    """The place-specific keys of a kind's block in ``platform.yaml``."""
    return {name: each for place in places_of(kind).values() for name, each in place.settings.items()}


def overrides_of(kind: str) -> tuple[str, ...]:
    """The keys of a kind's block in ``platform.yaml`` that a team may override if allowed."""
    return ("image", *QUEUEING, *(name for name, each in settings_of(kind).items() if each.by_task))


@cache
def operators() -> Mapping[str, str | None]:
    """All operators that a spec may use, with the pip requirement of each; None: installed with Airflow."""
    return {way.operator: place.requirement for place in places().values() for way in place.ways.values()}


def looks_secret(variable: str) -> bool:
    """Whether the name of a variable, or a prefix of names that ends in ``*``, looks like a secret's."""
    return bool(_SECRET.search(variable))


def operator_of(kind: str, job: Job, settings: PlaceSettings) -> Operator:
    """The operator and arguments of a job, in the place that the platform sets."""
    ways = places_of(kind)[settings.where].ways
    way = ways.get(kind) or ways[ANY_KIND]
    return Operator(way.operator, way.arguments(job, settings))

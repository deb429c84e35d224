"""The places where tasks run (``where`` in platform.yaml): one module each, called like the place.

A place makes an Airflow operator and plain arguments of a job, when the DAG is compiled. Airflow's side builds
the operators that places declare, and no others: ``operators`` is the list.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeAlias

import msgspec

from dbt_scheduler.kinds import Job, Setting, kinds
from dbt_scheduler.plugin_folder import plugins

ANY_KIND = "*"
"""The kinds that a place does not list explicitly: it can run all of them."""

QUEUEING = ("queue", "pool", "priority")
"""The keys of every kind that control scheduling and workers."""

_SECRET = re.compile(r"secret|passw|passphrase|token|api_?key|private_?key", re.IGNORECASE)

Arguments: TypeAlias = dict[str, object]


class PlaceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What ``platform.yaml`` says about where a kind runs; ``settings`` are that place's own keys.

    ``environment`` are the variables of the worker that a local process or a container gets, beside the usual ones.
    ``overrides`` are the keys that a team may set itself; None: all that it can. ``queue`` and ``priority`` are
    Airflow's own where they are None.
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
    """How a place runs the jobs of a kind: an operator's import path, and what makes its arguments.

    Arguments are JSON values. Every text among them has to be in a field that the operator renders, one of
    ``template_fields``, because ``with_literals`` escapes all of them.
    """

    operator: str
    template_fields: tuple[str, ...]
    arguments: Callable[[Job, PlaceSettings], Arguments]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of a place; ``ways`` is by kind.

    ``requirement`` is what ``pip`` installs in Airflow's environment for the operators. With ``needs_image`` a job
    is a container. ``shows_variables`` in a place where whoever may look at a job sees the variables that it was given;
    ``secrets_setting`` is the setting that names secrets there, if it has one. ``refusal`` says, of the values of a
    job, why the place would not take them together, if so; no job there goes on for longer than ``longest_seconds``.
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
    """An operator's import path, and its arguments as JSON values; only a ``Template`` is rendered."""

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
    """All operators that a spec may use, and the packages that they require."""
    return {way.operator: place.requirement for place in places().values() for way in place.ways.values()}


def looks_secret(variable: str) -> bool:
    """Whether a variable has a name like a secret's; a prefix ends in ``*``."""
    return bool(_SECRET.search(variable))


def operator_of(kind: str, job: Job, settings: PlaceSettings) -> Operator:
    """The operator and arguments of a job, in the place that the platform sets."""
    ways = places_of(kind)[settings.where].ways
    way = ways.get(kind) or ways[ANY_KIND]
    return Operator(way.operator, way.arguments(job, settings))

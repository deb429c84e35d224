"""Spares a process of its own some of dbt's start; what dbt does is the same."""

import atexit
import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeAlias

Contracts: TypeAlias = dict[str, dict[str, Any]]
"""The JSON Schemas of dbt's classes of settings, by module and name."""


def run_program(main: Callable[[], int]) -> NoReturn:
    """Run a whole process, and end it without taking apart, object by object, what it has imported.

    Threads are waited for and what is registered for the end is called, as at the end of every Python process.
    """
    code = main()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextmanager
def importing() -> Iterator[None]:
    """Import dbt in here: nothing is collected meanwhile, and classes get their readers and writers when first used.

    Of the thousands of objects that an import makes none is garbage, and of dbt's classes a task needs few. The latter
    is an option of mashumaro's, which dbt takes for its own classes, but not for what it bases them on.
    """
    from mashumaro.config import BaseConfig  # noqa: PLC0415 - dbt's

    BaseConfig.lazy_compilation = True
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def name_callers_quickly() -> None:
    """Have dbt find who defines its behavior flags by the name of a frame's module.

    It reads the source of every frame on the stack instead, and then needs but a name for a warning.
    """
    from dbt_common.behavior_flags import BehaviorFlagRendered  # noqa: PLC0415

    BehaviorFlagRendered._default_source = staticmethod(_caller)


def _caller() -> str:
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__") == "dbt_common.behavior_flags":
        frame = frame.f_back
    return frame.f_globals.get("__name__") or "Unknown"


def contracts_of(adapter: str) -> Contracts:
    """The schemas that dbt checks a project's settings with: making one takes as long as reading a slice."""
    from dbt.adapters.factory import load_plugin  # noqa: PLC0415
    from dbt.contracts import project, selection  # noqa: PLC0415

    classes = (
        *(project.Configuration, project.PackageConfig, project.ProfileConfig, project.Project),
        *(project.ProjectFlags, selection.SelectorFile, load_plugin(adapter)),
    )
    return {_name(each): each.json_schema() for each in classes}


def use_contracts(contracts: Contracts) -> None:
    """Have dbt take these schemas, and make those of other classes itself."""
    from dbt_common.dataclass_schema import dbtClassMixin  # noqa: PLC0415

    original = dbtClassMixin.__dict__["json_schema"].__func__

    def json_schema(cls: type) -> dict[str, Any]:
        return contracts.get(_name(cls)) or original(cls)

    dbtClassMixin.json_schema = classmethod(json_schema)


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"

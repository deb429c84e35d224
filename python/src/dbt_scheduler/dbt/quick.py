"""Shortens dbt's start in its own process, without changing its behaviour."""

import atexit
import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeAlias

Contracts: TypeAlias = dict[str, dict[str, Any]]
"""The JSON Schemas of dbt's config classes, by module and name."""


def run_program(main: Callable[[], int]) -> NoReturn:
    """Run the main function and exit without destroying each imported object.

    Waits for threads and calls exit handlers, as Python does.
    """
    code = main()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextmanager
def importing() -> Iterator[None]:
    """Import dbt without garbage collection, and generate the serializers of its classes on first use.

    Imports create no garbage, and a task needs few of dbt's classes. mashumaro has an option for lazy compilation,
    which dbt sets for its own classes, but not for their bases.
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
    """Make dbt name the module that defines a behavior flag by the caller's ``__name__``.

    dbt itself reads the source of every frame on the stack, only to name that module in a warning.
    """
    from dbt_common.behavior_flags import BehaviorFlagRendered  # noqa: PLC0415

    BehaviorFlagRendered._default_source = staticmethod(_caller)


def _caller() -> str:
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__") == "dbt_common.behavior_flags":
        frame = frame.f_back
    return frame.f_globals.get("__name__") or "Unknown"


def contracts_of(adapter: str) -> Contracts:
    """The schemas with which dbt validates configs: generating one takes as long as reading a slice."""
    from dbt.adapters.factory import load_plugin  # noqa: PLC0415
    from dbt.contracts import project, selection  # noqa: PLC0415

    classes = (
        *(project.Configuration, project.PackageConfig, project.ProfileConfig, project.Project),
        *(project.ProjectFlags, selection.SelectorFile, load_plugin(adapter)),
    )
    return {_name(each): each.json_schema() for each in classes}


def use_contracts(contracts: Contracts) -> None:
    """Make dbt use these schemas, and generate only others itself."""
    from dbt_common.dataclass_schema import dbtClassMixin  # noqa: PLC0415

    original = dbtClassMixin.__dict__["json_schema"].__func__

    def json_schema(cls: type) -> dict[str, Any]:
        return contracts.get(_name(cls)) or original(cls)

    dbtClassMixin.json_schema = classmethod(json_schema)


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"

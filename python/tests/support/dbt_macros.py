"""The package's macros as Python functions: dbt renders them in this process, thousands of times per test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbt.adapters.factory import get_adapter, register_adapter
from dbt.cli.main import dbtRunner
from dbt.clients.jinja import MacroGenerator
from dbt.config.runtime import RuntimeConfig
from dbt.context.providers import generate_runtime_macro_context
from dbt.flags import get_flags
from dbt.mp_context import get_mp_context


def macro_caller(folder: Path) -> Callable[[str], Callable[..., Any]]:
    """Parse a project in this process; returns a function that returns a macro of the package by name, as a callable."""
    where = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    parsed = dbtRunner().invoke(["--quiet", "parse", *where])
    assert parsed.success, parsed.exception
    config = RuntimeConfig.from_args(get_flags())
    register_adapter(config, get_mp_context())
    get_adapter(config).set_macro_resolver(parsed.result)

    def macro(name: str) -> Callable[..., Any]:
        found = parsed.result.macros[f"macro.dbt_scheduler.{name}"]
        context = generate_runtime_macro_context(found, config, parsed.result, "dbt_scheduler")
        return MacroGenerator(found, context)

    return macro

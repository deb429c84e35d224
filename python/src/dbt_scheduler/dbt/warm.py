"""Preloads dbt and its lazily created objects, so that forks of this process have them."""

import logging
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

import dbt.adapters
from dbt.adapters.contracts.connection import AdapterResponse
from dbt.adapters.factory import FACTORY
from dbt.artifacts.schemas.results import TimingInfo
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import extended_mashumaro_encoder, extended_mashumuro_decoder
from dbt.task.test import TestResultData
from dbt_common.clients.agate_helper import table_from_data
from dbt_common.clients.jinja import template_cache

from dbt_scheduler.dbt.origin import installed_versions
from dbt_scheduler.dbt.quick import name_callers_quickly

_LOG = logging.getLogger(__name__)


_CONNECTIONS = {
    "duckdb": "{type: duckdb, path: ':memory:'}",
    "postgres": "{type: postgres, host: localhost, port: 5432, user: nobody, password: none, dbname: none, schema: main}",
    "redshift": "{type: redshift, host: localhost, port: 5439, user: nobody, password: none, dbname: none, schema: main}",
    "bigquery": "{type: bigquery, method: oauth, project: none, dataset: main}",
    "snowflake": "{type: snowflake, account: none, user: nobody, password: none, database: none, schema: main}",
}
"""Connections by adapter, never opened; of other adapters, only the modules are loaded."""

_PROJECT = {
    # dbt's static parser starts threads, and a process with threads cannot be forked safely.
    "dbt_project.yml": "{name: warm, profile: warm, on-run-start: select 1, flags: {static_parser: false}}",
    "models/one.sql": "select 1 as id from {{ source('raw', 'a') }}",
    "models/one.yml": """{
        models: [{name: one, config: {meta: {a: b}}, columns: [{name: id, data_tests: [unique]}]}],
        sources: [{name: raw, tables: [{name: a}]}],
    }""",
    "seeds/two.csv": "id\n2\n",
}


def warm() -> None:
    """Load dbt and all installed adapters. Errors are logged and only make tasks slower.

    Opens no connection: forks cannot share one.
    """
    import_module("dbt_scheduler.dbt.sliced")
    import_module("dbt_scheduler.dbt.connection")
    import_module("dbt.task.build")
    name_callers_quickly()
    import_module("multiprocessing.dummy")
    # Conversions of query results, dates above all: the first one compiles patterns and loads a locale.
    table_from_data([{"a": "2001-02-03T04:05:06"}], ["a"])
    installed_versions()
    _write_down_something()
    for adapter in _installed_adapters():
        try:
            FACTORY.load_plugin(adapter)
            relation = FACTORY.get_relation_class_by_name(adapter)
            relation.create(database="a", schema="b", identifier="c").to_dict(omit_none=True)
            if adapter in _CONNECTIONS:
                _parse_something(_CONNECTIONS[adapter])
        except Exception:  # noqa: BLE001 - the worker must start anyway
            _LOG.exception("dbt adapter %s could not be preloaded", adapter)


def _installed_adapters() -> list[str]:
    names = (module.name for module in iter_modules(dbt.adapters.__path__) if module.ispkg)
    return sorted(name for name in names if find_spec(f"dbt.include.{name}"))


def _write_down_something() -> None:
    """Make dbt generate the serializers of the objects that each task uses."""
    AdapterResponse("").to_dict(omit_none=True)
    TimingInfo("compile").to_dict()
    found = {"failures": 0, "should_warn": False, "should_error": False, "adapter_response": {}}
    TestResultData.validate(found)
    TestResultData.from_dict(found)


def _parse_something(connection: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = {**_PROJECT, "profiles.yml": f"warm: {{target: dev, outputs: {{dev: {connection}}}}}"}
        for path, text in files.items():
            (Path(folder) / path).parent.mkdir(exist_ok=True)
            (Path(folder) / path).write_text(text, "utf-8")
        options = ["--quiet", "--no-send-anonymous-usage-stats", "--log-level-file", "none"]
        places = ["--project-dir", folder, "--profiles-dir", folder]
        parsed = dbtRunner().invoke([*options, "parse", *places])
        compile_and_read(parsed.result)


def compile_and_read(manifest: Manifest) -> None:
    """Make dbt cache the compiled macros, and the decoder that reads a slice."""
    for macro in manifest.macros.values():
        template_cache.get_node_template(macro)
    data = extended_mashumuro_decoder(manifest.to_msgpack(extended_mashumaro_encoder))
    Manifest.from_msgpack(b"", decoder=lambda _: data)

"""The entries of a ``manifest.json``, with the same keys and about the same size as those of dbt 1.11."""

from random import Random
from typing import Any

Entry = dict[str, Any]

_WORDS = ("amount", "user", "order", "country", "status", "event", "price", "stock", "segment", "channel")
_TYPES = ("bigint", "varchar", "timestamp", "numeric(18, 2)", "boolean")
_DOCS = {"show": True, "node_color": None}
_CONFIG: Entry = {
    "enabled": True, "alias": None, "schema": None, "database": None, "tags": [], "group": None,
    "static_analysis": None, "incremental_strategy": None, "batch_size": None, "lookback": 1, "begin": None,
    "persist_docs": {}, "post-hook": [], "pre-hook": [], "quoting": {}, "column_types": {},
    "full_refresh": None, "unique_key": None, "on_schema_change": "ignore",
    "on_configuration_change": "apply", "grants": {}, "packages": [], "docs": _DOCS,
    "contract": {"enforced": False, "alias_types": True}, "event_time": None, "concurrent_batches": None,
    "access": "protected", "freshness": None,
}  # fmt: skip
_TEST_CONFIG: Entry = {
    "enabled": True, "alias": None, "schema": "dbt_test__audit", "database": None, "tags": [], "meta": {},
    "group": None, "static_analysis": None, "materialized": "test", "severity": "ERROR",
    "store_failures": None, "store_failures_as": None, "where": None, "limit": None,
    "fail_calc": "count(*)", "warn_if": "!= 0", "error_if": "!= 0",
}  # fmt: skip


def text(random: Random, length: int) -> str:
    """Random words with about this many characters in total."""
    return " ".join(random.choices(_WORDS, k=max(1, length // 7)))


def metadata(team: str) -> Entry:
    """The metadata of the manifest."""
    return {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
        "dbt_version": "1.11.16",
        "generated_at": "2026-01-01T00:00:00.000000Z",
        "invocation_id": "00000000-0000-4000-8000-000000000000",
        "env": {},
        "project_name": team,
        "adapter_type": "duckdb",
    }


def columns(random: Random, count: int) -> Entry:
    """Documented columns."""
    return {
        name: {
            "name": name, "description": text(random, 50), "meta": {}, "data_type": random.choice(_TYPES),
            "constraints": [], "quote": None, "config": {"meta": {}, "tags": []}, "tags": [],
            "granularity": None, "doc_blocks": [],
        }
        for name in ["id", *(f"{random.choice(_WORDS)}_{number}" for number in range(1, count))]
    }  # fmt: skip


def model(random: Random, team: str, path: str, meta: Entry, parents: list[str], **more: str) -> Entry:
    """A model, seed or snapshot; ``path`` is below the folder of its type and ``more`` overrides any key."""
    folder, _, file = path.rpartition("/")
    name = file.partition(".")[0]
    kind = more.get("resource_type", "model")
    materialized = more.pop("materialized", "table")
    code = f"select {text(random, 800)}\nfrom {{{{ ref('{name}') }}}}\nwhere {text(random, 150)}"
    entry = _common(team, name, path, f"{kind}s/{path}") | {
        "unique_id": f"{kind}.{team}.{name}",
        "resource_type": kind,
        "fqn": [team, *folder.split("/"), name],
        "config": {**_CONFIG, "meta": meta, "materialized": materialized},
        "meta": meta,
        "description": text(random, 150),
        "columns": columns(random, 8),
        "patch_path": f"{team}://{kind}s/{folder}/{folder}.yml",
        "relation_name": None if materialized == "ephemeral" else f'"warehouse"."{team}"."{name}"',
        "raw_code": code,
        "depends_on": {"macros": ["macro.dbt.is_incremental"], "nodes": parents},
        "compiled_path": f"target/compiled/{team}/{kind}s/{path}",
        "compiled_code": f"with renamed as (\n{code}\n)\nselect * from renamed",
        "access": "protected",
        "constraints": [],
        "version": None,
        "latest_version": None,
        "deprecation_date": None,
        "primary_key": [],
        "time_spine": None,
    }
    return entry | more


def data_test(team: str, kind: str, attached: Entry, column: str, others: tuple[str, ...]) -> Entry:
    """A generic data test on a column of a model."""
    name = f"{kind}_{attached['name']}_{column}"
    path = attached["patch_path"].partition("://")[2]
    return _common(team, name, f"{name}.sql", path) | {
        "schema": f"{team}_dbt_test__audit",
        "unique_id": f"test.{team}.{name}.0123456789",
        "resource_type": "test",
        "fqn": [*attached["fqn"][:-1], name],
        "config": _TEST_CONFIG,
        "meta": {},
        "description": "",
        "columns": {},
        "patch_path": None,
        "relation_name": None,
        "raw_code": f"{{{{ test_{kind}(**_dbt_generic_test_kwargs) }}}}",
        "depends_on": {
            "macros": [f"macro.dbt.test_{kind}", "macro.dbt.get_where_subquery"],
            "nodes": [*others, attached["unique_id"]],
        },
        "compiled_path": f"target/compiled/{team}/{path}/{name}.sql",
        "compiled_code": f"\nselect {column}\nfrom {attached['relation_name']}\nwhere {column} is null\n",
        "column_name": column,
        "file_key_name": f"models.{attached['name']}",
        "attached_node": attached["unique_id"],
        "test_metadata": {
            "name": kind,
            "kwargs": {
                "column_name": column,
                "model": f"{{{{ get_where_subquery(ref('{attached['name']}')) }}}}",
            },
            "namespace": None,
        },
    }


def source(random: Random, team: str, source_name: str, table: str, schema: str) -> Entry:
    """A source table; a global asset if its schema is also the source's name."""
    file = "global_assets/sources.yml" if schema == source_name else "staging/sources.yml"
    return {
        "database": "warehouse",
        "schema": schema,
        "name": table,
        "resource_type": "source",
        "package_name": team,
        "path": f"models/{file}",
        "original_file_path": f"models/{file}",
        "unique_id": f"source.{team}.{source_name}.{table}",
        "fqn": [team, file.partition("/")[0], source_name, table],
        "source_name": source_name,
        "source_description": text(random, 80),
        "loader": "",
        "identifier": table,
        "quoting": {"database": None, "schema": None, "identifier": None, "column": None},
        "description": text(random, 80),
        "columns": columns(random, 4),
        "meta": {},
        "source_meta": {},
        "tags": [],
        "config": {"enabled": True, "event_time": None, "meta": {}, "tags": []},
        "patch_path": None,
        "relation_name": f'"warehouse"."{schema}"."{table}"',
        "created_at": 1767225600.0,
    }


def macro(random: Random, package: str, name: str) -> Entry:
    """A macro: dbt and its adapters add about five hundred to each manifest."""
    return {
        "name": name,
        "resource_type": "macro",
        "package_name": package,
        "path": f"macros/{name}.sql",
        "original_file_path": f"macros/{name}.sql",
        "unique_id": f"macro.{package}.{name}",
        "macro_sql": f"{{% macro {name}(relation) %}}\n  {text(random, 480)}\n{{% endmacro %}}",
        "depends_on": {"macros": ["macro.dbt.statement"]},
        "description": "",
        "meta": {},
        "docs": _DOCS,
        "config": {"meta": {}, "docs": _DOCS},
        "patch_path": None,
        "arguments": [],
        "created_at": 1767225600.0,
        "supported_languages": None,
    }


def _common(team: str, name: str, path: str, file: str) -> Entry:
    """The keys of every entry of ``nodes``."""
    return {
        "database": "warehouse", "schema": team, "name": name, "package_name": team, "path": path,
        "original_file_path": file, "alias": name, "tags": [], "group": None, "docs": _DOCS,
        "checksum": {"name": "sha256", "checksum": "0123456789abcdef" * 4}, "build_path": None,
        "unrendered_config": {"materialized": "table"}, "created_at": 1767225600.0, "doc_blocks": [],
        "language": "sql", "refs": [{"name": name, "package": None, "version": None}], "sources": [],
        "metrics": [], "functions": [], "compiled": True, "extra_ctes_injected": True, "extra_ctes": [],
        "contract": {"enforced": False, "alias_types": True, "checksum": None},
    }  # fmt: skip

"""A dbt project with a node of every kind, and with everything that a node can read from its project."""

from importlib.metadata import version
from typing import Any

SCHEDULED = {"scheduler": {"pipelines": ["daily"]}}

CHANGING = ("a_snapshot", "an_incremental", "an_append", "batched")
"""Nodes whose second run differs from the first one."""

_PROJECT: dict[str, Any] = {
    "models": {"+meta": SCHEDULED, "+materialized": "table"},
    "seeds": {"+meta": SCHEDULED},
    "snapshots": {"+meta": SCHEDULED},
    "functions": {"+meta": SCHEDULED},
    "vars": {"threshold": 1, "pk": {"greeting": "hello"}},
    "on-run-start": "create table if not exists main.hook_log (what varchar)",
    "on-run-end": [
        "{{ note_results(results) }}",
        "insert into main.hook_log select 'rows of a_seed: ' || count(*) from {{ ref('a_seed') }}",
    ],
}

_MODELS: dict[str, str] = {
    "a_view": "{{ config(materialized='view') }} select id, name from {{ ref('a_seed') }}",
    "a_table": "select id, name, {{ var('threshold') }} as threshold from {{ ref('a_view') }}",
    "an_incremental": """
        {{ config(materialized='incremental', unique_key='id', on_schema_change='append_new_columns') }}
        select id, name, {{ 2 if is_incremental() else 1 }} as build from {{ ref('a_seed') }}
        {% if is_incremental() %} where id > (select max(id) - 1 from {{ this }}) {% endif %}""",
    "an_append": """
        {{ config(materialized='incremental', incremental_strategy='append') }}
        select count(*) as rows_before from {{ ref('an_incremental') }}""",
    "ephemeral_one": "{{ config(materialized='ephemeral') }} select id + 1 as id from {{ ref('a_table') }}",
    "ephemeral_two": "{{ config(materialized='ephemeral') }} select id * 10 as id from {{ ref('ephemeral_one') }}",
    "after_ephemeral": "select max(id) as id from {{ ref('ephemeral_two') }}",
    "versioned_v1": "select 1 as version_of_it",
    "versioned_v2": "select 2 as version_of_it, 'b' as more",
    "reads_latest": "select * from {{ ref('versioned') }}",
    "reads_first": "select * from {{ ref('versioned', v=1) }}",
    "elsewhere": "{{ config(schema='other', alias='renamed') }} select * from {{ ref('a_table') }}",
    "reads_elsewhere": "select count(*) as n from {{ ref('elsewhere') }}",
    "contracted": "select 1::integer as id, 'x'::varchar as name",
    "hooked": """
        {{ config(pre_hook="insert into main.hook_log values ('before {{ this.name }}')",
                  post_hook=["insert into main.hook_log select 'after ' || count(*) from {{ this }}"]) }}
        select 1 as id""",
    "queries": """
        -- depends_on: {{ ref('a_seed') }}
        {% set names = run_query('select name from ' ~ ref('a_seed') ~ ' order by 1').columns[0].values() if execute else [] %}
        select '{{ names | join(",") }}' as names""",
    "looks_for_a_table": """
        {% set there = adapter.get_relation(database=target.database, schema='main', identifier='nobodys') %}
        select {{ 'true' if there else 'false' }} as found, '{{ there.type if there }}' as type""",
    "reads_source": "select * from {{ source('lake', 'raw') }}",
    "reads_source_when_it_runs": "select * {% if execute %} from {{ source('lake', 'raw') }} {% endif %}",
    "own_materialization": "{{ config(materialized='twice') }} select 7 as id",
    "dispatches": "select {{ adapter.dispatch('spelled', 'shop')('a') }} as spelled, {{ pk.greeting() }} as greeting",
    "of_a_group": "{{ config(group='finance', access='private') }} select 1 as id",
    "reads_group": "{{ config(group='finance') }} select * from {{ ref('of_a_group') }}",
    "reads_package": "select * from {{ ref('pk', 'of_package') }}",
    "reads_graph": """
        select '{{ graph.nodes.values() | selectattr("resource_type", "equalto", "model") | map(attribute="name")
                   | sort | join(",") }}' as names, {{ graph["sources"] | length }} as sources,
               '{{ graph.nodes["model.shop.contracted"].columns["id"].data_type }}' as type""",
    "reads_run": """
        select '{{ env_var("DBT_SCHEDULER_DATA_INTERVAL_START", "none") }}' as start,
               '{{ selected_resources | sort | join(",") }}' as selected, '{{ flags.WHICH }}' as which,
               '{{ invocation_args_dict.invocation_command }}' as command,
               '{{ model.unique_id }} {{ model.config.materialized }} {{ model.depends_on.nodes | join }}' as model""",
    "fails": "select cast('broken on purpose' as integer) as id",
    "does_not_compile": "select {{ exceptions.raise_compiler_error('on purpose') if execute }}",
    "uses_function": "select {{ function('doubled') }}(4) as eight",
    "batched": "select * from {{ ref('events') }}",
    "events": "select * from (values (timestamp '2025-03-01 01:00', 1), (timestamp '2025-03-02 01:00', 2)) e (happened_at, id)",
    "documented": "select 1 as id",
}

_PROPERTIES: dict[str, Any] = {
    "groups": [{"name": "finance", "owner": {"email": "finance@example.com"}}],
    "sources": [
        {
            "name": "lake",
            "schema": "main",
            "tables": [
                {
                    "name": "raw",
                    "identifier": "raw_of_lake",
                    "columns": [{"name": "id", "data_tests": ["not_null"]}],
                }
            ],
        }
    ],
    "models": [
        {
            "name": "a_table",
            "columns": [
                {
                    "name": "id",
                    "data_tests": [
                        "unique",
                        "not_null",
                        {"relationships": {"arguments": {"to": "ref('a_seed')", "field": "id"}}},
                    ],
                },
                {
                    "name": "name",
                    "data_tests": [
                        {"accepted_values": {"arguments": {"values": ["a"]}, "config": {"severity": "warn"}}}
                    ],
                },
            ],
        },
        {
            "name": "a_view",
            "columns": [{"name": "id", "data_tests": [{"unique": {"config": {"store_failures": True}}}]}],
        },
        {
            "name": "after_ephemeral",
            "data_tests": [{"never_above": {"arguments": {"column": "id", "most": 5}}}],
        },
        {
            "name": "versioned",
            "latest_version": 2,
            "columns": [{"name": "version_of_it", "data_tests": ["not_null"]}],
            "versions": [{"v": 1}, {"v": 2, "columns": [{"include": "all"}, {"name": "more"}]}],
        },
        {
            "name": "contracted",
            "config": {"contract": {"enforced": True}},
            "columns": [
                {"name": "id", "data_type": "integer", "constraints": [{"type": "not_null"}]},
                {"name": "name", "data_type": "varchar"},
            ],
        },
        {
            "name": "documented",
            "description": "{{ doc('about') }}",
            "config": {"persist_docs": {"relation": True, "columns": True}},
        },
        {"name": "turned_off", "config": {"enabled": False}},
        {"name": "events", "config": {"event_time": "happened_at"}},
        {
            "name": "batched",
            "config": {
                "materialized": "incremental",
                "incremental_strategy": "microbatch",
                "event_time": "happened_at",
                "begin": "2025-03-01",
                "batch_size": "day",
            },
        },
    ],
    "unit_tests": [
        {
            "name": "left_out",
            "model": "a_table",
            "given": [{"input": "ref('a_view')", "rows": []}],
            "expect": {"rows": [{"id": 99}]},
        }
    ],
}

_SNAPSHOT = """
{% snapshot a_snapshot %}
{{ config(target_schema='snaps', unique_key='id', strategy='check', check_cols=['name']) }}
select * from {{ ref('a_seed') }}
{% endsnapshot %}
"""

_MACROS = """
{% macro note_results(results) %}
  {% for result in results %}
    insert into main.hook_log values (
      '{{ result.node.name }} {{ result.status }} of {{ graph.nodes | length }}');
  {% endfor %}
{% endmacro %}
{% macro default__spelled(word) %}'default {{ word }}'{% endmacro %}
{% macro ADAPTER__spelled(word) %}'of its own {{ word }}'{% endmacro %}
{% test never_above(model, column, most) %}select * from {{ model }} where {{ column }} > {{ most }}{% endtest %}
{% materialization twice, adapter='ADAPTER' %}
  {% set target = this.incorporate(type='table') %}
  {% call statement('main') %}
    drop table if exists {{ target }};
    create table {{ target }} as {{ sql }} union all {{ sql }}
  {% endcall %}
  {{ return({'relations': [target]}) }}
{% endmaterialization %}
{% macro generate_schema_name(name, node) %}{{ name or target.schema }}{% endmacro %}
"""

_DUCKDB_FUNCTION = """
{% macro duckdb__scalar_function_sql(target_relation) %}
  create or replace macro {{ target_relation.render() }}({{ model.arguments | map(attribute='name') | join(', ') }})
  as ({{ model.compiled_code }})
{% endmacro %}
"""

_PYTHON = """
def model(dbt, session):
    dbt.config(materialized="table")
    rows = dbt.ref("a_seed").df()
    rows["id"] = rows["id"] * dbt.config.get("factor", 3)
    return rows
"""

_FILES: dict[str, Any] = {
    **{f"models/{name}.sql": text for name, text in _MODELS.items()},
    "models/turned_off.sql": "select 1 as id",
    "models/all.yml": _PROPERTIES,
    "models/about.md": "{% docs about %}What it is about.{% enddocs %}",
    "seeds/a_seed.csv": "id,name\n1,a\n2,b\n",
    "snapshots/a_snapshot.sql": _SNAPSHOT,
    "functions/doubled.sql": "select value * 2",
    "functions/doubled.yml": {
        "functions": [
            {
                "name": "doubled",
                "arguments": [{"name": "value", "data_type": "integer"}],
                "returns": {"data_type": "integer"},
            }
        ]
    },
    "tests/of_two.sql": "select * from {{ ref('a_table') }} t join {{ ref('an_incremental') }} i using (id) where t.id < 0",
    "packages.yml": {"packages": [{"local": "dbt_packages/pk"}]},
    "dbt_packages/pk/dbt_project.yml": {
        "name": "pk",
        "version": "1.0",
        "on-run-end": "insert into main.hook_log values ('{{ var(\"greeting\") }} from pk')",
        "models": {"pk": {"+meta": SCHEDULED, "+materialized": "view"}},
    },
    "dbt_packages/pk/models/of_package.sql": "select '{{ var(\"greeting\") }}' as greeting",
    "dbt_packages/pk/macros/greeting.sql": '{% macro greeting() %}\'{{ var("greeting", "none") }}\'{% endmacro %}',
}

_ONLY: dict[str, dict[str, Any]] = {
    "duckdb": {"models/in_python.py": _PYTHON, "macros/function.sql": _DUCKDB_FUNCTION},
    "postgres": {
        "models/granted.sql": """
            {{ config(grants={'select': ['reader']}, indexes=[{'columns': ['id'], 'unique': true}]) }}
            select 1 as id""",
        "models/materialized.sql": "{{ config(materialized='materialized_view') }} select * from {{ ref('a_seed') }}",
        "models/unlogged.sql": "{{ config(unlogged=true) }} select 1 as id",
    },
}


def every_kind(adapter: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The project's files, and the settings of its dbt_project.yml, for ``duckdb`` or ``postgres``."""
    macros = {"macros/all.sql": _MACROS.replace("ADAPTER", adapter)}
    files, project = {**_FILES, **macros, **_ONLY[adapter]}, {**_PROJECT}
    if version("dbt-core").startswith("1.10."):  # which has no functions
        of_functions = ("functions/doubled.sql", "functions/doubled.yml", "models/uses_function.sql")
        files = {path: content for path, content in files.items() if path not in of_functions}
        del project["functions"]
    return files, project

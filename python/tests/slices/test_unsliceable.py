"""Each reason why a node has no slice, from a parsed project as plain data."""

from typing import Any

import pytest

from dbt_projects import dbt as run_dbt

dbt = run_dbt
"""Marks these tests as requiring dbt, for its Jinja parser."""


def node(code: str = "select 1", **more: Any) -> dict[str, Any]:
    return {"resource_type": "model", "raw_code": code, "depends_on": {"nodes": []}, **more}


def reading(*parents: str) -> dict[str, Any]:
    return {"depends_on": {"nodes": list(parents)}}


def reasons(
    nodes: dict[str, Any], macros: dict[str, str] | None = None, varying: frozenset[str] = frozenset()
) -> Any:
    from dbt_scheduler.dbt.cutting import Project  # noqa: PLC0415 - they import dbt's parser, not where these tests are left out
    from dbt_scheduler.dbt.unsliceable import Reasons  # noqa: PLC0415

    bodies = {name: {"name": name, "macro_sql": body} for name, body in (macros or {}).items()}
    manifest = {"nodes": nodes, "sources": {"source.a": {}}, "functions": {"function.a": {}}}
    return Reasons(Project(manifest, {}), bodies, varying)


def test_a_project_with_nothing_of_the_kind_has_slices() -> None:
    hook = node(resource_type="operation", **reading("model.a", "source.a", "function.a"))
    found = reasons({"model.a": node(), "operation.a": hook})
    assert found.of_project(catalogs=False) is None
    assert found.of_node("model.a", node()) is None


def test_a_catalog_leaves_the_whole_project_without_slices() -> None:
    assert reasons({}).of_project(catalogs=True) == "the project has a catalogs.yml"


def test_a_plugin_of_dbt_that_adds_nodes_leaves_the_whole_project_without_slices() -> None:
    found = reasons({}).of_project(catalogs=False, plugin="dbt_loom")
    assert found == "the plugin dbt_loom adds nodes each time dbt parses the project"


@pytest.mark.parametrize("prefix", ["", "default__"])
def test_a_project_whose_names_change_from_run_to_run_has_no_slices(prefix: str) -> None:
    macros = {
        **MACROS,
        f"{prefix}generate_alias_name": "{% macro generate_alias_name(node) %}{{ pk.today() }}",
    }
    reason = "the macro generate_alias_name reads modules, which is different in each run"
    assert reasons({}, macros).of_project(catalogs=False) == reason


def test_a_hook_that_reads_a_metric_leaves_the_whole_project_without_slices() -> None:
    hook = node(resource_type="operation", **reading("metric.shop.revenue"))
    found = reasons({"operation.shop.end": hook})
    reason = "the hook operation.shop.end depends on metric.shop.revenue"
    assert found.of_project(catalogs=False) == reason


def test_a_node_that_is_parsed_to_something_else_in_another_run_leaves_the_whole_project_without() -> None:
    found = reasons({}, varying=frozenset({"model.b", "model.a"}))
    reason = "model.a is parsed differently for each data interval"
    assert found.of_project(catalogs=False) == reason


def test_a_node_that_depends_on_a_metric_has_no_slice() -> None:
    model = node(**reading("source.a", "metric.shop.revenue"))
    assert reasons({"model.a": model}).of_node("model.a", model) == "it depends on metric.shop.revenue"


def test_a_node_that_names_a_metric_has_no_slice() -> None:
    model = node(metrics=[["shop", "revenue"]])
    assert reasons({"model.a": model}).of_node("model.a", model) == "it reads the metric shop.revenue"


MACROS = {
    "today": "{% macro today() %}{{ modules.datetime.date.today() }}{% endmacro %}",
    "suffix": "{% macro suffix() %}{{ adapter.dispatch('named')() }}{% endmacro %}",
    "default__named": "{% macro default__named() %}{{ invocation_id }}{% endmacro %}",
    "named": "{% macro named() %}{{ adapter.dispatch('named')() }}{% endmacro %}",
    "again": "{% macro again() %}{{ again() }}{% endmacro %}",
}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("{{ config(enabled=flags.FULL_REFRESH) }}", "flags"),
        ("{{ config(tags=[invocation_args_dict.which]) }}", "invocation_args_dict"),
        ("{{ config(alias='a' ~ invocation_id) }}", "invocation_id"),
        ("{{ config({'alias': run_started_at.isoformat()}) }}", "run_started_at"),
        ("{{ config(alias=modules.uuid.uuid4()) }}", "modules"),
        ("{{ config(tags=selected_resources) }}", "selected_resources"),
        ("{% set x = 1 %}{{ config(**flags) }}", "flags"),
        ("{{ config(alias=today()) }}", "modules"),
        ("{{ config(alias=pk.today()) }}", "modules"),
        ("{{ config(alias=suffix()) }}", "invocation_id"),
        ("{% set x = flags.FULL_REFRESH %}{% set y = x %}{{ config(enabled=y) }}", "flags"),
        ("{% set x %}{{ today() }}{% endset %}{{ config(alias=x) }}", "modules"),
        ("{% if flags.FULL_REFRESH %}{{ config(materialized='table') }}{% endif %}", "flags"),
        ("{% if true %}{% elif flags.EMPTY %}{{ config(alias='a') }}{% endif %}", "flags"),
        ("{% if flags.EMPTY %}{% else %}{{ config(alias='a') }}{% endif %}", "flags"),
        ("{{ config(alias='a') if flags.EMPTY }}", "flags"),
        ("{% for x in selected_resources %}{{ config(tags=x) }}{% endfor %}", "selected_resources"),
    ],
)
def test_a_config_that_reads_what_changes_from_run_to_run_has_no_slice(code: str, name: str) -> None:
    found = reasons({"model.a": node(code)}, MACROS).of_node("model.a", node(code))
    assert found == f"its config() reads {name}, which is different in each run"


@pytest.mark.parametrize(
    "code",
    [
        "{{ config(alias='flags') }} select '{{ run_started_at }}'",
        "{{ config(alias=again()) }} select 1",
        "select '{{ invocation_id }}' as config",
        "{% set x = run_started_at %}{% set y = 1 %}{{ config(tags=y) }} select '{{ x }}'",
        "{{ config(tags='a') }}{% if flags.FULL_REFRESH %} select 1 {% endif %}",
    ],
)
def test_what_is_read_elsewhere_than_in_config_is_read_when_the_slice_runs(code: str) -> None:
    assert reasons({"model.a": node(code)}, MACROS).of_node("model.a", node(code)) is None


def test_a_python_model_is_no_template() -> None:
    model = node("def model(dbt, session): dbt.config(alias=flags)  # {{ config(", language="python")
    assert reasons({"model.a": model}).of_node("model.a", model) is None

{% macro stage_external_sources() %}
    {% do run_query("create schema if not exists events") %}
    {% do run_query("create or replace table events.some_source as select i as user_id, i % 7 as clicks from range(50) as events (i)") %}
{% endmacro %}

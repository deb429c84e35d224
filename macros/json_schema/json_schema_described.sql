{% macro json_schema_described(value) %}
  {% set kind = dbt_scheduler.json_schema_kind(value) %}
  {% if kind in ['null', 'object', 'array'] %}
    {{ return(dbt_scheduler.words()['kinds'][kind]) }}
  {% endif %}
  {{ return(dbt_scheduler.shown(value)) }}
{% endmacro %}

{% macro data_interval_start() %}
  {{ return(dbt_scheduler.data_interval('start', 1)) }}
{% endmacro %}

{% macro data_interval_end() %}
  {{ return(dbt_scheduler.data_interval('end', 0)) }}
{% endmacro %}

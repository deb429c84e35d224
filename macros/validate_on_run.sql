{% macro validate_on_run() %}
  {% if execute and dbt_scheduler.settings()['validate_on_run'] %}
    {% do dbt_scheduler.validate() %}
  {% endif %}
  {{ return('') }}
{% endmacro %}

{% macro validate_on_run() %}
  {# Runs in every dbt command, so it reads only this setting; settings() would validate all. #}
  {% set written = var('dbt_scheduler', {}) %}
  {% if execute and written is mapping and written.get('validate_on_run') is sameas true %}
    {% do dbt_scheduler.validate() %}
  {% endif %}
  {{ return('') }}
{% endmacro %}

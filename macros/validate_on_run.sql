{% macro validate_on_run() %}
  {# This runs in every dbt command: it reads one boolean itself, where settings() would check them all. #}
  {% set written = var('dbt_scheduler', {}) %}
  {% if execute and written is mapping and written.get('validate_on_run') is sameas true %}
    {% do dbt_scheduler.validate() %}
  {% endif %}
  {{ return('') }}
{% endmacro %}

{% macro settings() %}
  {% set defaults = {'severity': 'error', 'require_registry': false, 'validate_on_run': false} %}
  {% set written = var('dbt_scheduler', {}) %}
  {% set settings = {'problems': dbt_scheduler.json_schema_problems(dbt_scheduler.settings_schema(), written)} %}
  {% set wrong = settings.problems | map(attribute='path') | map('first') | list %}
  {% for key, value in defaults.items() %}
    {% set usable = written is mapping and key in written and key not in wrong %}
    {% do settings.update({key: written[key] if usable else value}) %}
  {% endfor %}
  {{ return(settings) }}
{% endmacro %}

{% macro data_interval(border, days_ago) %}
  {# Not read at parse time: dbt would parse the model again whenever the variable changes. #}
  {% if not execute %}
    {{ return('1970-01-01T00:00:00+00:00') }}
  {% endif %}
  {% set midnight = run_started_at.replace(hour=0, minute=0, second=0, microsecond=0) %}
  {% set default = (midnight - modules.datetime.timedelta(days=days_ago)).isoformat() %}
  {% set fallback = var('dbt_scheduler', {}).get('data_interval_' ~ border, default) %}
  {{ return(env_var('DBT_SCHEDULER_DATA_INTERVAL_' ~ (border | upper), fallback)) }}
{% endmacro %}

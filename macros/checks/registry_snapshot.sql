{% macro registry_snapshot() %}
  {% if dbt_scheduler_registry is defined and dbt_scheduler_registry.snapshot is defined %}
    {% set snapshot = dbt_scheduler_registry.snapshot() %}
    {% if snapshot.get('format_version') == 1 %}
      {{ return(snapshot) }}
    {% endif %}
  {% endif %}
  {{ return(none) }}
{% endmacro %}

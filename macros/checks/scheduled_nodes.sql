{% macro scheduled_nodes() %}
  {# A folder's +meta also applies to resources that are never scheduled. #}
  {% set nodes = [] %}
  {% for node in dbt_scheduler.own_nodes() %}
    {% set meta = node.config.meta %}
    {% if meta and ('scheduler' in meta or 'scheduler_defaults' in meta) %}
      {% do nodes.append(node) %}
    {% endif %}
  {% endfor %}
  {{ return(nodes) }}
{% endmacro %}

{% macro scheduled_nodes() %}
  {# A folder's +meta also reaches resources that are never scheduled. #}
  {% set nodes = [] %}
  {% for node in graph.nodes.values() if node.resource_type in ['model', 'seed', 'snapshot'] %}
    {% set meta = node.config.meta %}
    {% if meta and ('scheduler' in meta or 'scheduler_defaults' in meta) %}
      {% do nodes.append(node) %}
    {% endif %}
  {% endfor %}
  {{ return(nodes) }}
{% endmacro %}

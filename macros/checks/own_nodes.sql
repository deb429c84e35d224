{% macro own_nodes() %}
  {% if '_dbt_scheduler_own' not in graph %}
    {# From 1.11 on, dbt has functions, separate from nodes. #}
    {% set nodes = graph.get('functions', {}).values() | list %}
    {% for node in graph.nodes.values() if node.resource_type in ['model', 'seed', 'snapshot'] %}
      {% if node.path or node.original_file_path %}
        {% do nodes.append(node) %}
      {% endif %}
    {% endfor %}
    {% do graph.update({'_dbt_scheduler_own': nodes}) %}
  {% endif %}
  {{ return(graph['_dbt_scheduler_own']) }}
{% endmacro %}

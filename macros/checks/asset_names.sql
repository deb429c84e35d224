{% macro asset_names() %}
  {% if '_dbt_scheduler_names' not in graph %}
    {% set names = {} %}
    {% for node in graph.nodes.values() if node.resource_type in ['model', 'seed', 'snapshot'] %}
      {% do names.update({node.name: true}) %}
      {% if node.get('version') is not none %}
        {% do names.update({node.name ~ '_v' ~ node.version: true}) %}
      {% endif %}
    {% endfor %}
    {% for table in graph.sources.values() %}
      {% do names.update({table.name: true, table.source_name ~ '.' ~ table.name: true}) %}
    {% endfor %}
    {% do graph.update({'_dbt_scheduler_names': names}) %}
  {% endif %}
  {{ return(graph['_dbt_scheduler_names']) }}
{% endmacro %}

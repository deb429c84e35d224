{% macro asset_names() %}
  {% if '_dbt_scheduler_names' not in graph %}
    {% set names = {} %}
    {% for node in dbt_scheduler.own_nodes() %}
      {% do names.update({node.name: true}) %}
      {% if node.get('version') is not none %}
        {% do names.update({node.name ~ '_v' ~ node.version: true}) %}
      {% endif %}
    {% endfor %}
    {% for node in dbt_scheduler.external_models().values() %}
      {% for name in [node.name, dbt_scheduler.asset_name(node)] %}
        {% do names.update({name: true, node.package_name ~ '.' ~ name: true}) %}
      {% endfor %}
    {% endfor %}
    {% for table in graph.sources.values() %}
      {% do names.update({table.name: true, table.source_name ~ '.' ~ table.name: true}) %}
    {% endfor %}
    {% do graph.update({'_dbt_scheduler_names': names}) %}
  {% endif %}
  {{ return(graph['_dbt_scheduler_names']) }}
{% endmacro %}

{% macro check_dependencies(node, dependencies) %}
  {# Only checks that the names exist; Python, which has the lineage, checks that the node reads them. #}
  {% set known = dbt_scheduler.asset_names() %}
  {% set found = [] %}
  {% for name in dependencies if name not in known %}
    {% set parents = [] %}
    {% for parent in node.depends_on.nodes %}
      {% set resource = graph.nodes.get(parent) or graph.sources.get(parent) or graph.get('functions', {}).get(parent) or {} %}
      {% do parents.append(resource.get('name', '')) %}
    {% endfor %}
    {% set words = {'node': node.name, 'asset': name} %}
    {% set hint = dbt_scheduler.did_you_mean(name, parents) %}
    {% do found.append(dbt_scheduler.finding('SCH103', dbt_scheduler.file_of(node), words, hint)) %}
  {% endfor %}
  {{ return(found) }}
{% endmacro %}

{% macro external_models() %}
  {# The condition of dbt's ModelNode.is_external_node: a model without a file in this project or its packages. #}
  {% set models = {} %}
  {% for id, node in graph.nodes.items() if not node.path and not node.original_file_path %}
    {% do models.update({id: node}) %}
  {% endfor %}
  {{ return(models) }}
{% endmacro %}

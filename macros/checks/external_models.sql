{% macro external_models() %}
  {# Like dbt's own ModelNode.is_external_node: what no file of this project or of its packages holds. #}
  {% set models = {} %}
  {% for id, node in graph.nodes.items() if not node.path and not node.original_file_path %}
    {% do models.update({id: node}) %}
  {% endfor %}
  {{ return(models) }}
{% endmacro %}

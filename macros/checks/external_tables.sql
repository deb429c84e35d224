{% macro external_tables() %}
  {% set models = dbt_scheduler.external_models() %}
  {% set readers = {} %}
  {% if models %}
    {# A finding names the first reader by unique_id, as in Python. #}
    {% for node in dbt_scheduler.own_nodes() | sort(attribute='unique_id', case_sensitive=true) %}
      {% for parent in node.depends_on.nodes if parent in models %}
        {% do readers.setdefault(parent, node) %}
      {% endfor %}
    {% endfor %}
  {% endif %}
  {% set tables = [] %}
  {% for id, reader in readers.items() %}
    {% do tables.append({
      'name': dbt_scheduler.asset_name(models[id]),
      'source_name': models[id].package_name,
      'original_file_path': reader.original_file_path,
      'external': true,
    }) %}
  {% endfor %}
  {{ return(tables) }}
{% endmacro %}

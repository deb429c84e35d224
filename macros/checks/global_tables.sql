{% macro global_tables() %}
  {% set tables = [] %}
  {% for table in graph.sources.values() %}
    {% set folders = (table.original_file_path | replace('\\', '/')).split('/')[:-1] %}
    {% set scheduler = (table.config.meta or table.meta or {}).get('scheduler') %}
    {% set declared = scheduler is mapping and scheduler.get('global_asset') is sameas true %}
    {% if table.source_name == 'global_assets' or 'global_assets' in folders or declared %}
      {% do tables.append(table) %}
    {% endif %}
  {% endfor %}
  {{ return(tables) }}
{% endmacro %}

{% macro global_finding(code, table, words={}, hint='') %}
  {% set all = {'asset': table.name, 'source': table.source_name ~ '.' ~ table.name, 'project': table.source_name} %}
  {% do all.update(words) %}
  {% if table.get('external') %}
    {% set hint = hint or dbt_scheduler.rules()[code].get('ref_hint', '') %}
  {% endif %}
  {{ return(dbt_scheduler.finding(code, table.original_file_path, all, hint)) }}
{% endmacro %}

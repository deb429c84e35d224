{% macro may_be_unreadable(table, own, snapshot) %}
  {# A snapshot written by an older release does not list the teams whose entries could not be read. #}
  {% set unreadable = snapshot.get('unreadable', []) | reject('equalto', own) | list %}
  {% set named = table.source_name != 'global_assets' and not table.get('external') %}
  {{ return(table.source_name in unreadable if named else (unreadable | length) > 0) }}
{% endmacro %}

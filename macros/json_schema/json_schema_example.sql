{% macro json_schema_example(schema, path) %}
  {# At the top level, the example would be a whole file. #}
  {% if path and schema.get('examples') %}
    {{ return('for example ' ~ dbt_scheduler.shown(schema['examples'][0])) }}
  {% endif %}
  {{ return('') }}
{% endmacro %}

{% macro json_schema_example(schema, path) %}
  {# At the top level an example would be a whole file, so there is none. #}
  {% if path and schema.get('examples') %}
    {{ return('for example ' ~ dbt_scheduler.shown(schema['examples'][0])) }}
  {% endif %}
  {{ return('') }}
{% endmacro %}

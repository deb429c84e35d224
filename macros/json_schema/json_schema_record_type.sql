{% macro json_schema_record_type(kinds, value, path, schema) %}
  {% set filled = {
    'subject': dbt_scheduler.json_schema_subject(path),
    'expected': dbt_scheduler.either(kinds),
    'value': dbt_scheduler.json_schema_described(value),
  } %}
  {{ return({
    'keyword': 'type',
    'path': path,
    'expected': kinds,
    'problem': dbt_scheduler.fill(dbt_scheduler.words()['templates']['type'], filled),
    'hint': dbt_scheduler.json_schema_example(schema, path),
  }) }}
{% endmacro %}

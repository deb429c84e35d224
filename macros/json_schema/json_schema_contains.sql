{% macro json_schema_contains(values, value) %}
  {% if value is string %}
    {{ return(value in values) }}
  {% endif %}
  {% set same = dbt_scheduler.json_schema_canonical(value) %}
  {% for each in values if dbt_scheduler.json_schema_canonical(each) == same %}
    {{ return(true) }}
  {% endfor %}
  {{ return(false) }}
{% endmacro %}

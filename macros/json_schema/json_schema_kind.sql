{% macro json_schema_kind(value) %}
  {# Boolean before number, text before list: a test of Jinja's holds for more than its name says. #}
  {% if value is none %}
    {{ return('null') }}
  {% elif value is boolean %}
    {{ return('boolean') }}
  {% elif value is number %}
    {{ return('number') }}
  {% elif value is string %}
    {{ return('string') }}
  {% elif value is mapping %}
    {{ return('object') }}
  {% elif value is sequence %}
    {{ return('array') }}
  {% endif %}
  {{ return('') }}
{% endmacro %}

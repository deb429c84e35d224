{% macro json_schema_kind(value) %}
  {# The order matters: in Jinja, a boolean is also a number, and a string is also a sequence. #}
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

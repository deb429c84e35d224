{% macro shown(value) %}
  {% if value is none %}
    {{ return('null') }}
  {% elif value is boolean %}
    {{ return('true' if value else 'false') }}
  {% elif value is number %}
    {{ return(value | string) }}
  {% elif value is mapping %}
    {% set parts = [] %}
    {% for key, part in value.items() %}
      {% do parts.append(key ~ ': ' ~ dbt_scheduler.shown(part)) %}
    {% endfor %}
    {{ return('{' ~ (parts | join(', ')) ~ '}') }}
  {% elif value is sequence and value is not string %}
    {% set parts = [] %}
    {% for part in value %}
      {% do parts.append(dbt_scheduler.shown(part)) %}
    {% endfor %}
    {{ return('[' ~ (parts | join(', ')) ~ ']') }}
  {% endif %}
  {{ return(dbt_scheduler.quoted(value | string)) }}
{% endmacro %}

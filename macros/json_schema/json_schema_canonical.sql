{% macro json_schema_canonical(value) %}
  {# The same string for values that are equal in JSON Schema: 1 and 1.0, but not true. #}
  {% set kind = dbt_scheduler.json_schema_kind(value) %}
  {% set parts = [] %}
  {% if kind == 'object' %}
    {% for key in value | sort(case_sensitive=true) %}
      {% do parts.append(tojson(key) ~ ':' ~ dbt_scheduler.json_schema_canonical(value[key])) %}
    {% endfor %}
    {{ return('{' ~ (parts | join(',')) ~ '}') }}
  {% elif kind == 'array' %}
    {% for part in value %}
      {% do parts.append(dbt_scheduler.json_schema_canonical(part)) %}
    {% endfor %}
    {{ return('[' ~ (parts | join(',')) ~ ']') }}
  {% elif kind == 'number' and value % 1 == 0 %}
    {{ return(value | int | string) }}
  {% endif %}
  {{ return(tojson(value) if kind else value | string) }}
{% endmacro %}

{% macro json_schema_repeated(values) %}
  {% if (values | select('string') | unique(case_sensitive=true) | list | length) == (values | length) %}
    {{ return([]) }}
  {% endif %}
  {% set seen = [] %}
  {% for value in values %}
    {% set same = dbt_scheduler.json_schema_canonical(value) %}
    {% if same in seen %}
      {{ return([value]) }}
    {% endif %}
    {% do seen.append(same) %}
  {% endfor %}
  {{ return([]) }}
{% endmacro %}

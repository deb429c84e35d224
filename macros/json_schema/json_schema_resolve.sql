{% macro json_schema_resolve(ref, root) %}
  {% set target = namespace(now=root) %}
  {% for step in ref.split('/')[1:] %}
    {% set key = step | replace('%25', '%') | replace('%22', '"') | replace('~1', '/') | replace('~0', '~') %}
    {% set target.now = target.now[key] if target.now is mapping else target.now[key | int] %}
  {% endfor %}
  {{ return(target.now) }}
{% endmacro %}

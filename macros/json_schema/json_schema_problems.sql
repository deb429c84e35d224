{% macro json_schema_problems(schema, instance) %}
  {# In YAML, keys may be numbers or booleans; in JSON they are strings. #}
  {% set value = fromjson(tojson(instance)) %}
  {% set records = dbt_scheduler.json_schema_check(schema, value, schema, []) %}
  {% if not records %}
    {{ return([]) }}
  {% endif %}
  {# A message that lists the allowed values makes one about the type redundant. #}
  {% set listed = records | selectattr('keyword', 'eq', 'enum') | map(attribute='path') | list %}
  {% set kept = [] %}
  {% for record in records if record.keyword != 'type' or record.path not in listed %}
    {% set steps = [] %}
    {% for step in record.path %}
      {% do steps.append(step if step is string else ('00000' ~ step)[-6:]) %}
    {% endfor %}
    {% do kept.append({'place': steps | join('/'), 'record': record}) %}
  {% endfor %}
  {% set problems = [] %}
  {% for each in kept | sort(attribute='place', case_sensitive=true) %}
    {% set record = each.record %}
    {% do problems.append({'path': record.path, 'problem': record.problem, 'hint': record.hint}) %}
  {% endfor %}
  {{ return(problems) }}
{% endmacro %}

{% macro json_schema_check_combined(keyword, schema, value, root, path) %}
  {% set rule = schema[keyword] %}
  {% if keyword == 'if' %}
    {% set next = 'else' if dbt_scheduler.json_schema_check(rule, value, root, path) else 'then' %}
    {{ return(dbt_scheduler.json_schema_check(schema.get(next, true), value, root, path)) }}
  {% elif keyword == 'not' %}
    {% set fits = not dbt_scheduler.json_schema_check(rule, value, root, path) %}
    {% set name = 'false' if rule is boolean and rule else keyword %}
    {{ return([dbt_scheduler.json_schema_record(name, rule, value, path, schema)] if fits else []) }}
  {% endif %}
  {% set branches = [] %}
  {% for rules in rule %}
    {% do branches.append(dbt_scheduler.json_schema_check(rules, value, root, path)) %}
  {% endfor %}
  {% if keyword == 'allOf' %}
    {{ return(branches | sum(start=[])) }}
  {% endif %}
  {% set fitting = branches | reject | list | length %}
  {% if not fitting %}
    {{ return(dbt_scheduler.json_schema_best_branch(branches, schema, value, path)) }}
  {% elif fitting > 1 and keyword == 'oneOf' %}
    {{ return([dbt_scheduler.json_schema_record(keyword, rule, value, path, schema)]) }}
  {% endif %}
  {{ return([]) }}
{% endmacro %}

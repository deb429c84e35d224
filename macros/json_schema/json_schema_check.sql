{% macro json_schema_check(schema, value, root, path) %}
  {# For speed, common cases are checked inline: macro calls, and variables set in only some branches, are slow. #}
  {% set kind = 'string' if value is string else dbt_scheduler.json_schema_kind(value) %}
  {% set found = [] %}
  {% for keyword, rule in schema.items() %}
    {% set below = [] %}
    {% set failed = false %}
    {% if keyword == 'type' %}
      {# `in` works for one type (a string) as for a list: no type's name is part of another's. #}
      {% set failed = kind not in rule and not (kind == 'number' and 'integer' in rule and value % 1 == 0) %}
    {% elif keyword == 'enum' %}
      {% set failed = not dbt_scheduler.json_schema_contains(rule, value) %}
    {% elif keyword == '$ref' %}
      {% do below.append([dbt_scheduler.json_schema_resolve(rule, root), value, path]) %}
    {% elif keyword == 'not' %}
      {% set failed = not dbt_scheduler.json_schema_check(rule, value, root, path) %}
    {% elif kind == 'object' %}
      {% if keyword == 'properties' %}
        {% for key, rules in rule.items() if key in value %}
          {% do below.append([rules, value[key], path + [key]]) %}
        {% endfor %}
      {% elif keyword == 'additionalProperties' %}
        {% for key, part in value.items() if key not in schema.get('properties', {}) %}
          {% if rule is mapping %}
            {% do below.append([rule, part, path + [key]]) %}
          {% elif not rule %}
            {% do found.append(dbt_scheduler.json_schema_record(keyword, key, part, path + [key], schema)) %}
          {% endif %}
        {% endfor %}
      {% elif keyword == 'minProperties' %}
        {% set failed = (value | length) < rule %}
      {% endif %}
    {% elif kind == 'array' %}
      {% if keyword == 'items' %}
        {% for part in value %}
          {% do below.append([rule, part, path + [loop.index0]]) %}
        {% endfor %}
      {% elif keyword == 'minItems' %}
        {% set failed = (value | length) < rule %}
      {% elif keyword == 'uniqueItems' and rule %}
        {% for part in dbt_scheduler.json_schema_repeated(value) %}
          {% do found.append(dbt_scheduler.json_schema_record(keyword, part, value, path, schema)) %}
        {% endfor %}
      {% endif %}
    {% elif kind == 'string' %}
      {% if keyword == 'pattern' %}
        {% set failed = not modules.re.search(rule, value) %}
      {% elif keyword == 'minLength' %}
        {% set failed = (value | length) < rule %}
      {% elif keyword == 'maxLength' %}
        {% set failed = (value | length) > rule %}
      {% endif %}
    {% elif kind == 'number' %}
      {% if keyword == 'minimum' %}
        {% set failed = value < rule %}
      {% elif keyword == 'maximum' %}
        {% set failed = value > rule %}
      {% endif %}
    {% endif %}
    {% if failed %}
      {% do found.append(dbt_scheduler.json_schema_record(keyword, rule, value, path, schema)) %}
    {% endif %}
    {% for rules, part, place in below %}
      {% do found.extend(dbt_scheduler.json_schema_check(rules, part, root, place)) %}
    {% endfor %}
  {% endfor %}
  {{ return(found) }}
{% endmacro %}

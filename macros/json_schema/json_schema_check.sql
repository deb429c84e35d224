{% macro json_schema_check(schema, value, root, path) %}
  {% if schema is boolean %}
    {{ return([] if schema else [dbt_scheduler.json_schema_record('false', none, value, path, {})]) }}
  {% endif %}
  {# Calls, and names that only some branches set, cost most here: what is common is done in place, without names. #}
  {% set kind = 'string' if value is string else dbt_scheduler.json_schema_kind(value) %}
  {% set found = [] %}
  {% for keyword, rule in schema.items() %}
    {% set below = [] %}
    {% set failed = false %}
    {% if keyword == 'type' %}
      {# No type's name is a part of another's, so the test holds for one type as for a list. #}
      {% set failed = kind not in rule and not (kind == 'number' and 'integer' in rule and value % 1 == 0) %}
    {% elif keyword == 'enum' %}
      {% set failed = not dbt_scheduler.json_schema_contains(rule, value) %}
    {% elif keyword == 'const' %}
      {% set failed = not dbt_scheduler.json_schema_contains([rule], value) %}
    {% elif keyword == '$ref' %}
      {% do below.append([dbt_scheduler.json_schema_resolve(rule, root), value, path]) %}
    {% elif keyword in ['allOf', 'anyOf', 'oneOf', 'not', 'if'] %}
      {% do found.extend(dbt_scheduler.json_schema_check_combined(keyword, schema, value, root, path)) %}
    {% elif kind == 'object' %}
      {% if keyword == 'properties' %}
        {% for key, rules in rule.items() if key in value %}
          {% do below.append([rules, value[key], path + [key]]) %}
        {% endfor %}
      {% elif keyword == 'required' %}
        {% for key in rule if key not in value %}
          {% do found.append(dbt_scheduler.json_schema_record('required', key, value, path, schema)) %}
        {% endfor %}
      {% elif keyword == 'additionalProperties' and 'patternProperties' not in schema %}
        {% for key, part in value.items() if key not in schema.get('properties', {}) %}
          {% if rule is mapping %}
            {% do below.append([rule, part, path + [key]]) %}
          {% elif not rule %}
            {% do found.append(dbt_scheduler.json_schema_record(keyword, key, part, path + [key], schema)) %}
          {% endif %}
        {% endfor %}
      {% elif keyword in ['additionalProperties', 'patternProperties', 'propertyNames'] %}
        {% do found.extend(dbt_scheduler.json_schema_check_keys(keyword, schema, value, root, path)) %}
      {% elif keyword == 'minProperties' %}
        {% set failed = (value | length) < rule %}
      {% elif keyword == 'maxProperties' %}
        {% set failed = (value | length) > rule %}
      {% elif keyword == 'dependentRequired' %}
        {% for key, needed in rule.items() if key in value %}
          {% for other in needed if other not in value %}
            {% do found.append(dbt_scheduler.json_schema_record('required', other, value, path, schema)) %}
          {% endfor %}
        {% endfor %}
      {% elif keyword == 'dependentSchemas' %}
        {% for key, rules in rule.items() if key in value %}
          {% do below.append([rules, value, path]) %}
        {% endfor %}
      {% endif %}
    {% elif kind == 'array' %}
      {% if keyword == 'items' and rule is mapping and 'prefixItems' not in schema %}
        {% for part in value %}
          {% do below.append([rule, part, path + [loop.index0]]) %}
        {% endfor %}
      {% elif keyword in ['items', 'prefixItems', 'contains'] or keyword == 'uniqueItems' and (value | length) > 1 %}
        {% do found.extend(dbt_scheduler.json_schema_check_items(keyword, schema, value, root, path)) %}
      {% elif keyword == 'minItems' %}
        {% set failed = (value | length) < rule %}
      {% elif keyword == 'maxItems' %}
        {% set failed = (value | length) > rule %}
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
      {% elif keyword == 'exclusiveMinimum' %}
        {% set failed = value <= rule %}
      {% elif keyword == 'exclusiveMaximum' %}
        {% set failed = value >= rule %}
      {% elif keyword == 'multipleOf' %}
        {% set failed = not dbt_scheduler.json_schema_is_multiple(value, rule) %}
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

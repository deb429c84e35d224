{% macro json_schema_check_items(keyword, schema, value, root, path) %}
  {% set found = [] %}
  {% set rule = schema[keyword] %}
  {% set prefix = schema.get('prefixItems', []) | length %}
  {% if keyword == 'prefixItems' %}
    {% for part in value[:prefix] %}
      {% set place = path + [loop.index0] %}
      {% do found.extend(dbt_scheduler.json_schema_check(rule[loop.index0], part, root, place)) %}
    {% endfor %}
  {% elif keyword == 'items' and rule is boolean %}
    {% if not rule and (value | length) > prefix %}
      {% do found.append(dbt_scheduler.json_schema_record('maxItems', prefix, value, path, schema)) %}
    {% endif %}
  {% elif keyword == 'items' %}
    {% for part in value[prefix:] %}
      {% do found.extend(dbt_scheduler.json_schema_check(rule, part, root, path + [prefix + loop.index0])) %}
    {% endfor %}
  {% elif keyword == 'contains' %}
    {% set fitting = [] %}
    {% for part in value if not dbt_scheduler.json_schema_check(rule, part, root, path) %}
      {% do fitting.append(part) %}
    {% endfor %}
    {% set most = schema.get('maxContains', value | length) %}
    {% if (fitting | length) < schema.get('minContains', 1) or (fitting | length) > most %}
      {% do found.append(dbt_scheduler.json_schema_record(keyword, rule, value, path, schema)) %}
    {% endif %}
  {% elif rule and (value | select('string') | unique(case_sensitive=true) | list | length) < (value | length) %}
    {% set seen = [] %}
    {% for part in value %}
      {% set same = dbt_scheduler.json_schema_canonical(part) %}
      {% if same in seen and not found %}
        {% do found.append(dbt_scheduler.json_schema_record(keyword, part, value, path, schema)) %}
      {% endif %}
      {% do seen.append(same) %}
    {% endfor %}
  {% endif %}
  {{ return(found) }}
{% endmacro %}

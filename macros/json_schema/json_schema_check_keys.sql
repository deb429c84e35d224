{% macro json_schema_check_keys(keyword, schema, value, root, path) %}
  {% set found = [] %}
  {% set rule = schema[keyword] %}
  {% for key, part in value.items() %}
    {% if keyword == 'propertyNames' %}
      {% do found.extend(dbt_scheduler.json_schema_check(rule, key, root, path + [key])) %}
    {% else %}
      {% set matching = [] %}
      {% for pattern in schema.get('patternProperties', {}) if modules.re.search(pattern, key) %}
        {% do matching.append(pattern) %}
      {% endfor %}
      {% if keyword == 'patternProperties' %}
        {% for pattern in matching %}
          {% do found.extend(dbt_scheduler.json_schema_check(rule[pattern], part, root, path + [key])) %}
        {% endfor %}
      {% elif not matching and key not in schema.get('properties', {}) %}
        {% if rule is boolean and not rule %}
          {% do found.append(dbt_scheduler.json_schema_record(keyword, key, part, path + [key], schema)) %}
        {% else %}
          {% do found.extend(dbt_scheduler.json_schema_check(rule, part, root, path + [key])) %}
        {% endif %}
      {% endif %}
    {% endif %}
  {% endfor %}
  {{ return(found) }}
{% endmacro %}

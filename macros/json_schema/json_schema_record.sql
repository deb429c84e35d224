{% macro json_schema_record(keyword, rule, value, path, schema) %}
  {% set words = dbt_scheduler.words() %}
  {% set subject = dbt_scheduler.json_schema_subject(path) %}
  {% set hint = dbt_scheduler.json_schema_example(schema, path) %}
  {% if keyword == 'additionalProperties' %}
    {% set inside = ' in ' ~ dbt_scheduler.json_schema_subject(path[:-1]) if path[:-1] else '' %}
    {% set filled = {'inside': inside, 'key': dbt_scheduler.quoted(rule)} %}
    {% set known = schema.get('properties', {}) %}
    {% set all = 'allowed keys: ' ~ (known | join(', ')) if known else '' %}
    {% set hint = dbt_scheduler.did_you_mean(rule, known) or all %}
  {% elif keyword == 'uniqueItems' %}
    {% set filled = {'subject': subject, 'twice': dbt_scheduler.shown(rule)} %}
  {% elif keyword in ['type', 'enum'] %}
    {% set expected = [] %}
    {% for choice in ([rule] if rule is string else rule) %}
      {% do expected.append(words['kinds'][choice] if keyword == 'type' else dbt_scheduler.shown(choice)) %}
    {% endfor %}
    {% set described = dbt_scheduler.json_schema_described(value) if keyword == 'type' else dbt_scheduler.shown(value) %}
    {% set filled = {'subject': subject, 'expected': dbt_scheduler.either(expected), 'value': described} %}
    {% if keyword == 'enum' and value is string %}
      {% set hint = dbt_scheduler.did_you_mean(value, rule | select('string') | list) or hint %}
    {% endif %}
  {% else %}
    {% set unit = words['units'].get(keyword) %}
    {% set counted = dbt_scheduler.shown(rule) ~ ' ' ~ unit ~ ('' if rule == 1 else 's') %}
    {% set shown_rule = counted if unit else rule if rule is string else dbt_scheduler.shown(rule) %}
    {% set refused = dbt_scheduler.shown(value) if keyword == 'not' else dbt_scheduler.json_schema_described(value) %}
    {% set filled = {'subject': subject, 'rule': shown_rule, 'value': refused} %}
  {% endif %}
  {{ return({
    'keyword': keyword,
    'path': path,
    'problem': dbt_scheduler.fill(words['templates'][keyword], filled),
    'hint': hint,
  }) }}
{% endmacro %}

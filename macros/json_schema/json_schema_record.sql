{% macro json_schema_record(keyword, rule, value, path, schema) %}
  {% set words = dbt_scheduler.words() %}
  {% set template = words['templates'].get(keyword, words['templates']['other']) %}
  {% set record = {'keyword': keyword, 'path': path, 'expected': []} %}
  {% if keyword == 'type' %}
    {% set kinds = [] %}
    {% for kind in ([rule] if rule is string else rule) %}
      {% do kinds.append(words['kinds'][kind]) %}
    {% endfor %}
    {{ return(dbt_scheduler.json_schema_record_type(kinds, value, path, schema)) }}
  {% elif keyword in ['enum', 'const'] %}
    {% set choices = rule if keyword == 'enum' else [rule] %}
    {% set texts = choices | select('string') | list %}
    {% for choice in choices %}
      {% do record.expected.append(dbt_scheduler.shown(choice)) %}
    {% endfor %}
    {% set near = dbt_scheduler.did_you_mean(value, texts) if value is string else '' %}
    {% set filled = {
      'subject': dbt_scheduler.json_schema_subject(path),
      'expected': dbt_scheduler.either(record.expected),
      'value': dbt_scheduler.shown(value),
    } %}
    {% do record.update({'hint': near or dbt_scheduler.json_schema_example(schema, path)}) %}
  {% elif keyword in ['required', 'additionalProperties'] %}
    {% set within = path if keyword == 'required' else path[:-1] %}
    {% set inside = ' in ' ~ dbt_scheduler.json_schema_subject(within) if within else '' %}
    {% set filled = {'inside': inside, 'key': dbt_scheduler.quoted(rule)} %}
    {% set known = schema.get('properties', {}) %}
    {% if keyword == 'required' %}
      {% set hint = dbt_scheduler.json_schema_example(known.get(rule), path + [rule], rule ~ ': ') %}
    {% else %}
      {% set all = 'the keys allowed here: ' ~ (known | join(', ')) if known else '' %}
      {% set hint = dbt_scheduler.did_you_mean(rule, known) or all %}
    {% endif %}
    {% do record.update({'hint': hint}) %}
  {% else %}
    {% set unit = words['units'].get(keyword) %}
    {% set counted = dbt_scheduler.shown(rule) ~ ' ' ~ unit ~ ('' if rule == 1 else 's') %}
    {% set shown_rule = counted if unit else rule if rule is string else dbt_scheduler.shown(rule) %}
    {% set subject = dbt_scheduler.json_schema_subject(path) %}
    {% if keyword == 'uniqueItems' %}
      {% set filled = {'subject': subject, 'twice': dbt_scheduler.shown(rule)} %}
    {% else %}
      {% set described = dbt_scheduler.json_schema_described(value) %}
      {% set filled = {'subject': subject, 'rule': shown_rule, 'value': described} %}
    {% endif %}
    {% do record.update({'hint': dbt_scheduler.json_schema_example(schema, path)}) %}
  {% endif %}
  {% do record.update({'problem': dbt_scheduler.fill(template, filled)}) %}
  {{ return(record) }}
{% endmacro %}

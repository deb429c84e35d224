{% macro json_schema_subject(path) %}
  {% if not path %}
    {{ return('the top level') }}
  {% elif path[-1] is not string %}
    {% set within = ' of ' ~ dbt_scheduler.json_schema_subject(path[:-1]) if path[:-1] else '' %}
    {{ return('item ' ~ (path[-1] + 1) ~ within) }}
  {% endif %}
  {% set keys = namespace(now=[]) %}
  {% for step in path %}
    {% set keys.now = keys.now + [step] if step is string else [] %}
  {% endfor %}
  {{ return(dbt_scheduler.quoted(keys.now | join('.'))) }}
{% endmacro %}

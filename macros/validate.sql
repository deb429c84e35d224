{% macro validate() %}
  {# Hooks and analyses get the same graph object: the first call marks it as validated. #}
  {% if not execute or graph.get('_dbt_scheduler_validated') %}
    {{ return('') }}
  {% endif %}
  {% do graph.update({'_dbt_scheduler_validated': true}) %}
  {% set problems = [] %}
  {% for finding in dbt_scheduler.find_problems() %}
    {% if finding.severity == 'note' %}
      {% do log(dbt_scheduler.report([finding]), info=true) %}
    {% else %}
      {% do problems.append(finding) %}
    {% endif %}
  {% endfor %}
  {% if problems and dbt_scheduler.settings()['severity'] == 'warn' %}
    {% do exceptions.warn(dbt_scheduler.report(problems)) %}
  {% elif problems %}
    {% do exceptions.raise_compiler_error(dbt_scheduler.report(problems)) %}
  {% endif %}
  {{ return('') }}
{% endmacro %}

{% macro validate() %}
  {# dbt hands the same graph to hooks and analyses: whichever comes first does the work. #}
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

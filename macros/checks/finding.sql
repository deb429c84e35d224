{% macro finding(code, file, words, hint='') %}
  {% set rule = dbt_scheduler.rules()[code] %}
  {{ return({
    'code': code,
    'severity': rule['severity'],
    'file': file,
    'message': dbt_scheduler.fill(rule['message'], words),
    'hint': dbt_scheduler.fill(hint or rule['hint'], words),
  }) }}
{% endmacro %}

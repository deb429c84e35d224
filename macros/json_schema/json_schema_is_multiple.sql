{% macro json_schema_is_multiple(value, rule) %}
  {% if rule is not float %}
    {{ return(value % rule == 0) }}
  {% endif %}
  {# A quotient that is too large for a float is infinite, and of that nothing remains but what is no number. #}
  {% set quotient = value / rule %}
  {{ return(quotient % 1 == 0 if quotient - quotient == 0 else value % rule == 0) }}
{% endmacro %}

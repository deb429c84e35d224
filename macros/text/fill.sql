{% macro fill(template, words) %}
  {% set text = namespace(now=template) %}
  {% for name, word in words.items() %}
    {% set text.now = text.now | replace('{' ~ name ~ '}', word | string) %}
  {% endfor %}
  {{ return(text.now) }}
{% endmacro %}

{% macro either(words) %}
  {% if (words | length) > 1 %}
    {{ return((words[:-1] | join(', ')) ~ ' or ' ~ words[-1]) }}
  {% endif %}
  {{ return(words | join('')) }}
{% endmacro %}

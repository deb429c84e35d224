{% macro did_you_mean(word, candidates) %}
  {% set found = dbt_scheduler.suggest(word, candidates) %}
  {{ return('did you mean "' ~ found ~ '"?' if found else '') }}
{% endmacro %}

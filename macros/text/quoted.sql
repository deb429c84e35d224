{% macro quoted(text) %}
  {% set line = text | replace('\r', '\\r') | replace('\n', '\\n') | replace('\t', '\\t') %}
  {% set longest = dbt_scheduler.words()['longest_quote'] %}
  {{ return('"' ~ (line if (line | length) <= longest else line[:longest - 1] ~ '…') ~ '"') }}
{% endmacro %}

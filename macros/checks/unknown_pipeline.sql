{% macro unknown_pipeline(node, pipeline, known) %}
  {% set all = known | sort(case_sensitive=true) | join(', ') %}
  {% set words = {'nodes': '"' ~ node.name ~ '" is', 'pipeline': pipeline, 'pipelines': all} %}
  {% set hint = dbt_scheduler.did_you_mean(pipeline, known) %}
  {{ return(dbt_scheduler.finding('SCH102', dbt_scheduler.file_of(node), words, hint)) }}
{% endmacro %}

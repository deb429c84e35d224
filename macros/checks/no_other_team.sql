{% macro no_other_team() %}
  {{ return('no other team is known: run "dbt-scheduler registry export" with --registry or registry.url in platform.yaml, then "dbt deps"') }}
{% endmacro %}

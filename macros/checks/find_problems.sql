{% macro find_problems() %}
  {% set settings = dbt_scheduler.settings() %}
  {% set found = [] %}
  {% for each in settings.problems %}
    {% set words = {'where': 'vars.dbt_scheduler', 'problem': each.problem} %}
    {% do found.append(dbt_scheduler.finding('SCH101', 'dbt_project.yml', words, each.hint)) %}
  {% endfor %}
  {% set snapshot = dbt_scheduler.registry_snapshot() %}
  {% set nodes = dbt_scheduler.scheduled_nodes() %}
  {% set tables = dbt_scheduler.global_tables() + dbt_scheduler.external_tables() %}
  {% do found.extend(dbt_scheduler.check_nodes(nodes, snapshot)) %}
  {% if snapshot is not none %}
    {% do found.extend(dbt_scheduler.check_global_tables(tables, snapshot)) %}
  {% else %}
    {% do found.extend(dbt_scheduler.check_registry(nodes, tables, settings)) %}
  {% endif %}
  {{ return(found) }}
{% endmacro %}

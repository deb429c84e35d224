{% macro check_global_tables(tables, snapshot) %}
  {% set found = [] %}
  {% for table in tables %}
    {% set problem = dbt_scheduler.check_global_table(table, snapshot) %}
    {% if problem is not none %}
      {% do found.append(problem) %}
    {% endif %}
  {% endfor %}
  {{ return(found) }}
{% endmacro %}

{% macro json_schema_best_branch(branches, schema, value, path) %}
  {# Closest is a branch of the right type, then one with the fewest wrong choices, then with the fewest problems. #}
  {% set kinds = [] %}
  {% set best = namespace(rank=[], branch=none, mistyped=true) %}
  {% for branch in branches %}
    {% set mistyped = [] %}
    {% set choices = branch | selectattr('keyword', 'in', ['enum', 'const']) | list | length %}
    {% for record in branch if record.keyword == 'type' and record.path == path %}
      {% do mistyped.append(record) %}
      {% for kind in record.expected if kind not in kinds %}
        {% do kinds.append(kind) %}
      {% endfor %}
    {% endfor %}
    {% set rank = [1 if mistyped else 0, choices, branch | length] %}
    {% set best.mistyped = best.mistyped and mistyped %}
    {% if best.branch is none or rank < best.rank %}
      {% set best.rank = rank %}
      {% set best.branch = branch %}
    {% endif %}
  {% endfor %}
  {% if not best.mistyped %}
    {{ return(best.branch) }}
  {% endif %}
  {{ return([dbt_scheduler.json_schema_record_type(kinds, value, path, schema)]) }}
{% endmacro %}

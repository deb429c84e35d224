{% macro teams_of(table, own, snapshot) %}
  {% if not table.get('external') %}
    {{ return(none if table.source_name == 'global_assets' else [table.source_name]) }}
  {% endif %}
  {% set teams = [] %}
  {% for team, each in snapshot['teams'].items() if each.get('project') == table.source_name %}
    {% do teams.append(team) %}
  {% endfor %}
  {# A registry entry written by an older release does not name its project. #}
  {% if not teams and table.source_name != own %}
    {% do teams.append(table.source_name) %}
  {% endif %}
  {{ return(teams) }}
{% endmacro %}

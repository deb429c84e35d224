{% macro check_global_table(table, snapshot) %}
  {% set own = snapshot.get('team') or project_name %}
  {% set teams = dbt_scheduler.teams_of(table, own, snapshot) %}
  {% set others = [] %}
  {% for asset in snapshot['assets'].get(table.name, []) if asset.team != own and (teams is none or asset.team in teams) %}
    {% do others.append(asset) %}
  {% endfor %}
  {% set exposed = others | selectattr('exposed') | map(attribute='team') | sort(case_sensitive=true) %}
  {% if teams == [own] or (teams is none and not others and dbt_scheduler.is_own_asset(table.name, own, snapshot)) %}
    {{ return(dbt_scheduler.global_finding('SCH304', table)) }}
  {% elif not others and dbt_scheduler.may_be_unreadable(table, own, snapshot) %}
    {{ return(none) }}
  {% elif teams is not none and not (teams | select('in', snapshot['teams']) | list) %}
    {# Only Python reports a project outside this platform: macros cannot read the `ignore` list in scheduler.yaml. #}
    {% if table.get('external') %}
      {{ return(none) }}
    {% endif %}
    {% set known = snapshot['teams'] | reject('equalto', own) | list %}
    {% set hint = dbt_scheduler.did_you_mean(table.source_name, known) if known else dbt_scheduler.no_other_team() %}
    {{ return(dbt_scheduler.global_finding('SCH315', table, {}, hint)) }}
  {% elif (exposed | length) > 1 %}
    {% set words = {'teams': exposed | join(', '), 'first': exposed[0]} %}
    {{ return(dbt_scheduler.global_finding('SCH302', table, words)) }}
  {% elif exposed %}
    {{ return(none) }}
  {% elif others %}
    {% set maker = (others | map(attribute='team') | sort(case_sensitive=true))[0] %}
    {% set channel = snapshot['teams'].get(maker, {}).get('channel') or 'no channel' %}
    {{ return(dbt_scheduler.global_finding('SCH303', table, {'team': maker, 'channel': channel})) }}
  {% endif %}
  {{ return(dbt_scheduler.nothing_made(table, teams, own, snapshot)) }}
{% endmacro %}

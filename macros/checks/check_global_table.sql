{% macro check_global_table(table, snapshot) %}
  {% set name = table.name %}
  {% set own = snapshot.get('team') or project_name %}
  {% set team = none if table.source_name == 'global_assets' else table.source_name %}
  {% set others = [] %}
  {% for asset in snapshot['assets'].get(name, []) if asset.team != own and team in [none, asset.team] %}
    {% do others.append(asset) %}
  {% endfor %}
  {% set exposed = others | selectattr('exposed') | map(attribute='team') | sort(case_sensitive=true) %}
  {% set file = table.original_file_path %}
  {% set words = {'asset': name, 'source': table.source_name ~ '.' ~ name} %}
  {% if team == own or (not others and dbt_scheduler.is_own_asset(name, own, snapshot)) %}
    {{ return(dbt_scheduler.finding('SCH304', file, words)) }}
  {% elif team is not none and team not in snapshot['teams'] %}
    {% set teams = snapshot['teams'] | reject('equalto', own) | list %}
    {{ return(dbt_scheduler.finding('SCH315', file, words, dbt_scheduler.did_you_mean(team, teams))) }}
  {% elif (exposed | length) > 1 %}
    {% do words.update({'teams': exposed | join(', '), 'first': exposed[0]}) %}
    {{ return(dbt_scheduler.finding('SCH302', file, words)) }}
  {% elif exposed %}
    {{ return(none) }}
  {% elif others %}
    {% set maker = (others | map(attribute='team') | sort(case_sensitive=true))[0] %}
    {% set channel = snapshot['teams'].get(maker, {}).get('channel') or 'no channel' %}
    {% do words.update({'team': maker, 'channel': channel}) %}
    {{ return(dbt_scheduler.finding('SCH303', file, words)) }}
  {% endif %}
  {% set candidates = [] %}
  {% for other, makers in snapshot['assets'].items() %}
    {% for asset in makers if asset.exposed and asset.team != own and team in [none, asset.team] %}
      {% do candidates.append(other) %}
    {% endfor %}
  {% endfor %}
  {{ return(dbt_scheduler.finding('SCH301', file, words, dbt_scheduler.did_you_mean(name, candidates))) }}
{% endmacro %}

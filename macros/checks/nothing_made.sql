{% macro nothing_made(table, teams, own, snapshot) %}
  {% set gone = [] %}
  {# A snapshot written by an older release does not list retired assets. #}
  {% for team in snapshot.get('retired', {}).get(table.name, []) if team != own and (teams is none or team in teams) %}
    {% do gone.append(team) %}
  {% endfor %}
  {% set makers = gone[:1] or teams %}
  {% set candidates = {} %}
  {% for name, assets in snapshot['assets'].items() %}
    {% for asset in assets if asset.exposed and asset.team != own and (makers is none or asset.team in makers) %}
      {% do candidates.update({name: true}) %}
    {% endfor %}
  {% endfor %}
  {% if not gone %}
    {% set known = snapshot['teams'] | reject('equalto', own) | list %}
    {% set hint = dbt_scheduler.did_you_mean(table.name, candidates) if known else dbt_scheduler.no_other_team() %}
    {{ return(dbt_scheduler.global_finding('SCH301', table, {}, hint)) }}
  {% endif %}
  {% set similar = dbt_scheduler.suggest(table.name, candidates) %}
  {% set channel = snapshot['teams'].get(gone[0], {}).get('channel') or 'no channel' %}
  {% set rule = dbt_scheduler.rules()['SCH316'] %}
  {% set hint = rule['hint'] ~ (rule['similar_hint'] if similar else '') %}
  {% set words = {'team': gone[0], 'channel': channel, 'similar': similar} %}
  {{ return(dbt_scheduler.global_finding('SCH316', table, words, hint)) }}
{% endmacro %}

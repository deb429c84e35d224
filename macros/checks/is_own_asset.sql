{% macro is_own_asset(name, own, snapshot) %}
  {% for asset in snapshot['assets'].get(name, []) if asset.team == own %}
    {{ return(true) }}
  {% endfor %}
  {% for node in dbt_scheduler.own_nodes() %}
    {% if name in [node.name, node.name ~ '_v' ~ node.get('version')] %}
      {{ return(node.config.materialized != 'ephemeral') }}
    {% endif %}
  {% endfor %}
  {{ return(false) }}
{% endmacro %}

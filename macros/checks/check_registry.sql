{% macro check_registry(nodes, tables, settings) %}
  {% set skipped = [] %}
  {% if nodes %}{% do skipped.append('pipelines') %}{% endif %}
  {% if tables %}{% do skipped.append('global assets') %}{% endif %}
  {% if not skipped %}
    {{ return([]) }}
  {% endif %}
  {% set words = {'what': (skipped | join(' and ')) ~ ' are'} %}
  {% set finding = dbt_scheduler.finding('SCH312', 'packages.yml', words) %}
  {% if settings['require_registry'] %}
    {% do finding.update({'severity': 'error'}) %}
  {% endif %}
  {{ return([finding]) }}
{% endmacro %}

{% macro check_nodes(nodes, snapshot) %}
  {# The schema checks each key on its own, and projects repeat few distinct values: each is checked once. #}
  {% set schema = dbt_scheduler.meta_scheduler_schema() %}
  {% set seen = {} %}
  {% set found = [] %}
  {% for node in nodes %}
    {# The node's own keys override those of its folders; invalid ones are left out. #}
    {% set settings = {} %}
    {# Defaults at the root of dbt_project.yml also apply to packages' nodes in dbt, but are not meant for them. #}
    {% set names = ['scheduler_defaults', 'scheduler'] if node.package_name == project_name else ['scheduler'] %}
    {% for name in names if node.config.meta.get(name) is not none %}
      {% set written = node.config.meta[name] %}
      {% for key, value in (written.items() if written is mapping else [('', written)]) %}
        {% set part = {key: value} if written is mapping else value %}
        {% set content = tojson(part) %}
        {% if content not in seen %}
          {% do seen.update({content: dbt_scheduler.json_schema_problems(schema, part)}) %}
        {% endif %}
        {% if not seen[content] %}
          {% do settings.update({key: value}) %}
        {% endif %}
        {% for each in seen[content] %}
          {% do found.append(dbt_scheduler.finding(
            'SCH101',
            dbt_scheduler.file_of(node),
            {'where': 'meta.' ~ name ~ ' of "' ~ node.name ~ '"', 'problem': each.problem},
            each.hint,
          )) %}
        {% endfor %}
      {% endfor %}
    {% endfor %}
    {% if snapshot is not none %}
      {% for pipeline in settings.get('pipelines', []) if pipeline not in snapshot['pipelines'] %}
        {% do found.append(dbt_scheduler.unknown_pipeline(node, pipeline, snapshot['pipelines'])) %}
      {% endfor %}
    {% endif %}
    {% if settings.get('dependencies') %}
      {% do found.extend(dbt_scheduler.check_dependencies(node, settings['dependencies'])) %}
    {% endif %}
  {% endfor %}
  {{ return(found) }}
{% endmacro %}

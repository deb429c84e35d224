{% macro asset_name(node) %}
  {% set version = node.get('version') %}
  {{ return(node.name if version is none else node.name ~ '_v' ~ version) }}
{% endmacro %}

{% macro file_of(resource) %}
  {% if resource.get('patch_path') %}
    {{ return(resource.patch_path.split('://')[-1]) }}
  {% endif %}
  {{ return(resource.original_file_path) }}
{% endmacro %}

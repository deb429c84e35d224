{% macro settings_schema() %}
  {% set instant = {'type': 'string', 'examples': ['2025-09-09T00:10:00+00:00']} %}
  {{ return({
    'type': 'object',
    'additionalProperties': false,
    'properties': {
      'severity': {'enum': ['error', 'warn']},
      'require_registry': {'type': 'boolean'},
      'validate_on_run': {'type': 'boolean'},
      'data_interval_start': instant,
      'data_interval_end': instant,
    },
  }) }}
{% endmacro %}

{% macro report(findings) %}
  {% set by_file = {} %}
  {% for finding in findings %}
    {% set text = finding.code ~ ' ' ~ finding.message ~ ('\n  hint: ' ~ finding.hint if finding.hint else '') %}
    {% set texts = by_file.setdefault(finding.file, []) %}
    {# Two versions of a model have the same finding. #}
    {% if text not in texts %}
      {% do texts.append(text) %}
    {% endif %}
  {% endfor %}
  {% set count = by_file.values() | map('length') | sum %}
  {% set kind = findings[0].severity if findings[0].severity == 'note' else 'problem' %}
  {% set lines = ['dbt_scheduler: ' ~ count ~ ' ' ~ kind ~ ('' if count == 1 else 's')] %}
  {% for file in by_file | sort(case_sensitive=true) %}
    {% do lines.append('') %}
    {% do lines.append(file) %}
    {% do lines.extend(by_file[file] | sort(case_sensitive=true)) %}
  {% endfor %}
  {{ return(lines | join('\n')) }}
{% endmacro %}

{% macro suggest(word, candidates) %}
  {# Similarity is the share of letter pairs that also occur in the other word, as in the Python package. #}
  {% if (candidates | length) > dbt_scheduler.words()['most_candidates'] %}{{ return('') }}{% endif %}
  {% set a = '^' ~ (word | lower) ~ '$' %}
  {% set best = namespace(word='', likeness=0.5) %}
  {% for candidate in candidates %}
    {% set b = '^' ~ (candidate | lower) ~ '$' %}
    {% set shared = [] %}
    {% for i in range((a | length) - 1) if a[i:i + 2] in b %}{% do shared.append(i) %}{% endfor %}
    {% for i in range((b | length) - 1) if b[i:i + 2] in a %}{% do shared.append(i) %}{% endfor %}
    {% set likeness = (shared | length) / ((a | length) + (b | length) - 2) %}
    {% set first_of_equals = likeness == best.likeness and (best.word == '' or candidate < best.word) %}
    {% if likeness > best.likeness or first_of_equals %}
      {% set best.word = candidate %}
      {% set best.likeness = likeness %}
    {% endif %}
  {% endfor %}
  {{ return(best.word) }}
{% endmacro %}

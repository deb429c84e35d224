{% macro send_warnings_message() %}
    {% do log("no warnings in this run", info=true) %}
{% endmacro %}

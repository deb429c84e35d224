{# `dbt compile` renders every analysis, so installing the package is enough to validate the whole project. #}
{{- dbt_scheduler.validate() -}}

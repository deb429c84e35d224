{# `dbt compile` renders every analysis, so installing the package is enough to have the whole project checked. #}
{{- dbt_scheduler.validate() -}}

"""``python -m dbt_scheduler.dbt dbt build ...`` is ``dbt-sliced dbt build ...``."""

from dbt_scheduler.dbt.sliced import program

program()

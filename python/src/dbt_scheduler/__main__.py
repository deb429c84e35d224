"""``python -m dbt_scheduler``."""

from dbt_scheduler.cli import program

program()

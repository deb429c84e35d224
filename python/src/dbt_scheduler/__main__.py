"""``python -m dbt_scheduler``."""

from dbt_scheduler.cli import main

main()

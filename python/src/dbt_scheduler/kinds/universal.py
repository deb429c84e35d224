"""The kind of any container image and command."""

from dbt_scheduler.kinds import Kind

PLUGIN = Kind(
    description="any container image and command",
    where="local",
    pool="dbt_scheduler",
    required={"command": "python -m my_module.main", "image": None},
)

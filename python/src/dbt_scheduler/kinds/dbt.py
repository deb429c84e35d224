"""The task kind of dbt nodes."""

from dbt_scheduler.kinds import Kind

PLUGIN = Kind(
    description="a model, seed, snapshot or function of the dbt project",
    where="local",
    pool="dbt_scheduler",
    declared=False,
)

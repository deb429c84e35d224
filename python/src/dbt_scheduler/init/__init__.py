"""Sets up a dbt project: its ``scheduler.yaml``, dbt packages and CI file."""

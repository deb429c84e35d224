"""What a dbt project needs to begin: its ``scheduler.yaml``, the dbt packages, the CI file."""

"""The next runs of a DAG, and which run of which producer each of its sensors will wait for."""

from dbt_scheduler.waits.upcoming import Run, Wait, next_run, sensors_on, upcoming

__all__ = ["Run", "Wait", "next_run", "sensors_on", "upcoming"]

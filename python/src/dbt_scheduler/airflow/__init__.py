"""The Airflow side: DAGs from compiled specs, and what their tasks do when they run."""

from dbt_scheduler.airflow.load import load_dag, load_resume_dag
from dbt_scheduler.spec import SpecError

__all__ = ["SpecError", "load_dag", "load_resume_dag"]

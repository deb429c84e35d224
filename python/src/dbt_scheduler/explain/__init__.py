"""Why a task did or did not run: up the chain of tasks and waits, across DAGs, to the root cause."""

from dbt_scheduler.explain.chain import Explainer
from dbt_scheduler.explain.facts import Airflow
from dbt_scheduler.explain.steps import Step, roots

__all__ = ["Airflow", "Explainer", "Step", "roots"]

"""Alerts: what is said to a team when something fails, is late, or goes on again."""

from dbt_scheduler.airflow.alerts.failures import alert_on_failure, forget_on_success
from dbt_scheduler.airflow.alerts.messages import Promise, TaskRun
from dbt_scheduler.airflow.alerts.sending import Destination, all_clear, slo_miss

__all__ = [
    "Destination",
    "Promise",
    "TaskRun",
    "alert_on_failure",
    "all_clear",
    "forget_on_success",
    "slo_miss",
]

"""Alerts: what is said to a team when something fails, is late, or goes on again."""

from dbt_scheduler.airflow.alerts.failures import alert_on_failure, forget_on_success
from dbt_scheduler.airflow.alerts.messages import Promise, TaskRun
from dbt_scheduler.airflow.alerts.sending import Destination, send_all_clear, send_slo_miss

__all__ = [
    "Destination",
    "Promise",
    "TaskRun",
    "alert_on_failure",
    "forget_on_success",
    "send_all_clear",
    "send_slo_miss",
]

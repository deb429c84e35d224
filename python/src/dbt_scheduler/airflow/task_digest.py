"""A digest that identifies a task instance among those of several Airflows."""

import hashlib
from typing import Any

from airflow.sdk import Context

from dbt_scheduler.airflow.compat import conf


def task_digest(context: Context) -> str:
    """Twelve hexadecimal digits, the same in each try."""
    ti: Any = context["ti"]
    of = [conf.get("api", "base_url", fallback=""), ti.dag_id, ti.run_id, ti.task_id, str(ti.map_index)]
    return hashlib.sha256("\n".join(of).encode()).hexdigest()[:12]

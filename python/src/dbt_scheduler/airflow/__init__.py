"""The Airflow side: loads DAGs from compiled specs, runs their tasks, and supports hand-written DAGs."""

from typing import TYPE_CHECKING

from dbt_scheduler.airflow.load import load_dag, load_resume_dag
from dbt_scheduler.spec import SpecError

if TYPE_CHECKING:
    from dbt_scheduler.airflow.by_hand import AssetSensor, resume_consumers

__all__ = ["AssetSensor", "SpecError", "load_dag", "load_resume_dag", "resume_consumers"]


def __getattr__(name: str) -> object:
    """Loads ``AssetSensor`` and ``resume_consumers`` on first use: generated DAGs do not need them."""
    if name in ("AssetSensor", "resume_consumers"):
        from dbt_scheduler.airflow import by_hand  # noqa: PLC0415

        return getattr(by_hand, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

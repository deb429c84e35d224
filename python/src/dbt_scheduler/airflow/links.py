# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""Links in Airflow's UI from a sensor to the run that it waits for."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from airflow.sdk import BaseOperatorLink

from dbt_scheduler.airflow.compat import conf
from dbt_scheduler.airflow_api.address import ui_url
from dbt_scheduler.waits.decision import AwaitedRun, Decision


class ProducerRunLink(BaseOperatorLink):
    """Opens the producer's task in the run that the sensor waits for.

    Airflow requests it in the worker each time the task stops, also to defer, and stores the result. While the run does
    not exist, it is the list of the producer's runs of that date, because a link to a missing run would be broken.
    """

    name = "Producer's run"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The URL; empty if the sensor was skipped before it looked up its producer."""
        if operator.awaited is None:
            return ""
        return producer_url(operator.awaited, operator.decision)


def producer_url(awaited: AwaitedRun, decision: Decision) -> str:
    """The URL of the producer's task in the run that decides the wait, or else of the runs around its logical date."""
    base: str = conf.get("api", "base_url", fallback="/")
    if decision.run:
        return ui_url(base, awaited.dag_id, decision.run.run_id, awaited.task_id)
    around = {
        "logical_date_gte": _iso(awaited.interval.start),
        "logical_date_lte": _iso(awaited.interval.end),
    }
    return f"{ui_url(base, awaited.dag_id)}/runs?{urlencode(around)}"


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

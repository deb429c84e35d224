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

    Airflow asks for it in the worker each time the task stops, also to defer, and keeps the answer. As long
    as the run does not exist, it is the list of the producer's runs of that date: a link to a run that is
    not there would be a dead one.
    """

    name = "Producer's run"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The URL, or an empty one when the sensor was skipped before it knew its producer."""
        if operator.awaited is None:
            return ""
        return producer_url(operator.awaited, operator.decision)


def producer_url(awaited: AwaitedRun, decision: Decision) -> str:
    """Where to look at an awaited run."""
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

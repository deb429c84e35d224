"""Reports as Airflow metrics how often assets are produced, and how early or late compared with their SLO."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import Context

from dbt_scheduler.airflow.compat import Stats
from dbt_scheduler.spec import DagSpec
from dbt_scheduler.waits.run_interval import SCHEDULED, interval_of_run

if TYPE_CHECKING:
    from dbt_scheduler.registry.entry import Entry


def measure_landing(spec: DagSpec, entry: "Entry", assets: Iterable[str], context: Context) -> None:
    """Count the assets that a task has just produced, and measure the seconds after their SLO; negative if before it.

    Manual runs have no SLO.
    """
    # Imports that parsing DAGs does not need.
    from dbt_scheduler.registry.producer import producer_in  # noqa: PLC0415
    from dbt_scheduler.waits.deadline import ready_by  # noqa: PLC0415

    run: Any = context["dag_run"]
    for asset in assets:
        made = entry.produced.get(asset)
        if made is None or spec.pipeline not in made.pipelines:
            continue
        producer = producer_in(entry, made, spec.pipeline)
        if producer.dag_id != spec.dag_id:  # the registry is that of another environment
            continue
        due = None
        if run.run_type in SCHEDULED:
            due = ready_by(producer, interval_of_run(spec.schedule, run, external=producer.external))
        late = None if due is None else (datetime.now(UTC) - due).total_seconds()
        tags = {"team": spec.team, "asset": asset, "pipeline": spec.pipeline}
        slo = "none" if late is None else "missed" if late > 0 else "met"
        Stats.incr("dbt_scheduler.asset_landed", tags={**tags, "slo": slo})
        if late is not None:
            Stats.gauge("dbt_scheduler.asset_lateness_seconds", late, tags=tags)

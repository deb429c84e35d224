# ruff: noqa: ANN401 - Airflow's own signatures say Any
"""The sensor of a generated DAG."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.sdk import Context

from dbt_scheduler.airflow.task_selection import skip_unless_read
from dbt_scheduler.airflow.waiting_sensor import WaitingSensor
from dbt_scheduler.spec import DagSpec, Sensor, registry_url_of

if TYPE_CHECKING:
    from dbt_scheduler.waits.wait import NoProducer, Wait


class AssetSensor(WaitingSensor, ExternalTaskSensor):
    """Waits for the sensor's asset in its spec; in Airflow's DAG dependencies, it is a sensor on another DAG's task."""

    def __init__(self, *, wait: Sensor, spec: DagSpec, **kwargs: Any) -> None:
        super().__init__(
            external_dag_id=wait.producer.dag_id,
            external_task_id=wait.producer.task_id,
            poke_interval=wait.poll_seconds,
            deferrable=True,
            mode="reschedule",  # otherwise, the scheduler would start a rescheduled sensor again at once
            **kwargs,
        )
        self._wait = wait
        self._spec = spec

    def pre_execute(self, context: Context) -> None:
        """Skip the sensor if the run includes no task that needs it."""
        skip_unless_read(context)

    def _find_wait(self, context: Context) -> "Wait | NoProducer":
        # Imports that parsing DAGs does not need.
        from dbt_scheduler.airflow.registry import find_wait  # noqa: PLC0415
        from dbt_scheduler.waits.wait import Wait  # noqa: PLC0415

        url = registry_url_of(self._spec.registry_url, Path(self.dag.fileloc))
        found = find_wait(self._wait, self._spec, url)
        if isinstance(found, Wait):
            self.external_dag_id, self.external_task_id = found.producer.dag_id, found.producer.task_id
        return found

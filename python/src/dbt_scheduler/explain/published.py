"""DAGs from the registry and Airflow's API, for processes without the compiled specs."""

from collections.abc import Mapping

from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.explain.dags import KnownDag, KnownSensor
from dbt_scheduler.registry.entry import (
    AssetKey,
    Entry,
    dag_id,
    find_produced,
    is_external,
    making_dag_id,
)
from dbt_scheduler.registry.producer import producer_of
from dbt_scheduler.waits.wait import NoProducer, Wait, no_producer

_TEARDOWN = "all_done_setup_success"
"""Airflow sets this trigger rule for teardown tasks only."""


class PublishedDags:
    """The teams' DAGs from their registry entries, with the task dependencies that Airflow returns.

    ``entries`` are those of ``everything`` in the registry that the user may see: which producer a sensor waits for
    does not depend on the user, but only a visible one is named. Raises AirflowApiError.
    """

    def __init__(
        self, entries: Mapping[str, Entry], everything: Mapping[str, Entry], api: AirflowApi
    ) -> None:
        self._entries = entries
        self._everything = everything
        self._api = api
        self._pipelines = {
            dag_id(entry.dag_prefix, pipeline): (team, pipeline)
            for team, entry in entries.items()
            if not is_external(entry)
            for pipeline in entry.pipelines
        }
        self._shown = {
            making_dag_id(made, pipeline)
            for entry in entries.values()
            for made in entry.produced.values()
            for pipeline in made.pipelines
        }

    def find(self, dag_id: str) -> KnownDag | None:
        """The DAG of a team's pipeline; None if it is hand-written, hidden or unknown."""
        if dag_id not in self._pipelines:
            return None
        team, pipeline = self._pipelines[dag_id]
        entry = self._entries[team]
        tasks = self._api.tasks(dag_id)
        upstream: dict[str, list[str]] = {task.task_id: [] for task in tasks}
        for task in tasks:
            for below in task.downstream_task_ids or ():
                upstream.setdefault(below, []).append(task.task_id)
        return KnownDag(
            dag_id=dag_id,
            team=team,
            channel=entry.contact.channel,
            schedule=entry.pipelines[pipeline],
            upstream={below: tuple(sorted(above)) for below, above in upstream.items()},
            teardowns=frozenset(task.task_id for task in tasks if task.trigger_rule == _TEARDOWN),
            sensors=_sensors(self._everything[team], pipeline),
        )

    def wait(self, sensor: KnownSensor, dag: KnownDag) -> Wait | NoProducer:
        """The producer that a sensor currently waits for."""
        entry, (_, pipeline) = self._everything.get(sensor.team), self._pipelines[dag.dag_id]
        found = find_produced(entry, sensor.asset) if entry else None
        if entry is None or found is None:
            return no_producer(sensor.team, sensor.asset, self._entries.get(sensor.team))
        producer = producer_of(entry, found[1], pipeline, dag.schedule, own=sensor.team == dag.team)
        if producer.dag_id not in self._shown:
            return NoProducer(
                f"waits for {sensor.team}.{sensor.asset}, which is produced by a DAG that you do not have "
                "permission to view in Airflow",
                hidden=True,
            )
        key = AssetKey(sensor.team, found[0])
        return Wait(dag.team, dag.dag_id, sensor.task_id, dag.schedule, key, producer)

    def channel(self, team: str, reader: KnownDag) -> str | None:
        """The channel in the team's registry entry; None without one."""
        entry = self._entries.get(team)
        return entry.contact.channel if entry else None


def _sensors(entry: Entry, pipeline: str) -> dict[str, KnownSensor]:
    return {
        reader.sensor_task_id: KnownSensor(
            task_id=reader.sensor_task_id,
            dependency=reader.dependency,
            team=team,
            asset=asset,
            wait_timeout_seconds=entry.wait_timeout_seconds or None,
        )
        for team, assets in entry.consumed.items()
        for asset, readers in assets.items()
        for reader in readers
        if reader.sensor_task_id is not None and reader.pipeline == pipeline
    }

"""One DAG by its compiled spec, with all other DAGs as the registry and Airflow know them."""

from collections.abc import Mapping

from dbt_scheduler.explain.compiled import known
from dbt_scheduler.explain.dags import KnownDag, KnownSensor
from dbt_scheduler.explain.published import PublishedDags
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.spec import DagSpec
from dbt_scheduler.waits.wait import NoProducer, Wait, wait_of


class OwnDag:
    """A DAG that the registry may not have: of a pull request, of another environment, or not published yet."""

    def __init__(self, spec: DagSpec, entries: Mapping[str, Entry], published: PublishedDags) -> None:
        self._spec = spec
        self._entries = entries
        self._published = published

    def find(self, dag_id: str) -> KnownDag | None:
        """The DAG of the spec, or a published one; None for others."""
        return known(self._spec) if dag_id == self._spec.dag_id else self._published.find(dag_id)

    def wait(self, sensor: KnownSensor, dag: KnownDag) -> Wait | NoProducer:
        """The producer that a sensor currently waits for."""
        if dag.dag_id != self._spec.dag_id:
            return self._published.wait(sensor, dag)
        compiled = next(each for each in self._spec.sensors if each.task_id == sensor.task_id)
        return wait_of(compiled, self._spec, self._entries.get(sensor.team))

    def channel(self, team: str, reader: KnownDag) -> str | None:
        """The channel in the team's registry entry; None without one."""
        return self._published.channel(team, reader)

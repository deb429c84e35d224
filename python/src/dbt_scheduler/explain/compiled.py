"""DAGs as `dbt-scheduler compile` wrote them."""

from typing import Protocol

from dbt_scheduler.explain.dags import KnownDag, KnownSensor
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.spec import DagSpec, Sensor
from dbt_scheduler.waits.wait import NoProducer, Wait


class Deployed(Protocol):
    """A folder of specs, as commands read it; this room lies below theirs."""

    def find(self, dag_id: str) -> DagSpec | None:
        """The spec of a DAG, if it can be had."""

    def spec(self, dag_id: str) -> DagSpec:
        """The spec of a DAG that there is."""

    def wait(self, sensor: Sensor, consumer: DagSpec) -> Wait | NoProducer:
        """What a sensor waits for now."""

    def entry(self, team: str, reader: DagSpec) -> Entry | None:
        """A team's registry entry, read where the DAG ``reader`` reads it."""


class CompiledDags:
    """The specs in a folder, and the registry that each of them names."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed

    def find(self, dag_id: str) -> KnownDag | None:
        """The DAG of a spec."""
        spec = self._deployed.find(dag_id)
        return known(spec) if spec else None

    def wait(self, sensor: KnownSensor, dag: KnownDag) -> Wait | NoProducer:
        """What a sensor waits for now."""
        spec = self._deployed.spec(dag.dag_id)
        compiled = next(each for each in spec.sensors if each.task_id == sensor.task_id)
        return self._deployed.wait(compiled, spec)

    def channel(self, team: str, reader: KnownDag) -> str | None:
        """The contact in the team's registry entry."""
        entry = self._deployed.entry(team, self._deployed.spec(reader.dag_id))
        return entry.contact.channel if entry else None


def known(spec: DagSpec) -> KnownDag:
    """The DAG of a spec."""
    return KnownDag(
        dag_id=spec.dag_id,
        team=spec.team,
        channel=spec.channel,
        schedule=spec.schedule,
        upstream={task.task_id: task.upstream for task in spec.tasks}
        | {sensor.task_id: sensor.upstream for sensor in spec.sensors},
        teardowns=frozenset(task.task_id for task in spec.tasks if task.teardown),
        sensors={
            each.task_id: KnownSensor(
                task_id=each.task_id,
                dependency=each.dependency,
                team=each.team,
                asset=each.asset,
                wait_timeout_seconds=each.wait_timeout_seconds,
            )
            for each in spec.sensors
        },
    )

"""DAGs from the output of `dbt-scheduler compile`."""

from typing import Protocol

from dbt_scheduler.explain.dags import KnownDag, KnownSensor
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.spec import DagSpec, Sensor
from dbt_scheduler.waits.wait import NoProducer, Wait


class Deployed(Protocol):
    """The interface to a folder of specs that the command line implements."""

    def find(self, dag_id: str) -> DagSpec | None:
        """The spec of a DAG, or None."""

    def spec(self, dag_id: str) -> DagSpec:
        """The spec of a DAG that exists."""

    def wait(self, sensor: Sensor, consumer: DagSpec) -> Wait | NoProducer:
        """The producer that a sensor currently waits for."""

    def entry(self, team: str, reader: DagSpec) -> Entry | None:
        """A team's entry in the registry that the DAG ``reader`` uses; None if there is none."""


class CompiledDags:
    """The DAGs of a folder of specs, with the registry that each spec names."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed

    def find(self, dag_id: str) -> KnownDag | None:
        """The DAG of a spec; None if there is no such spec."""
        spec = self._deployed.find(dag_id)
        return known(spec) if spec else None

    def wait(self, sensor: KnownSensor, dag: KnownDag) -> Wait | NoProducer:
        """The producer that a sensor currently waits for."""
        spec = self._deployed.spec(dag.dag_id)
        compiled = next(each for each in spec.sensors if each.task_id == sensor.task_id)
        return self._deployed.wait(compiled, spec)

    def channel(self, team: str, reader: KnownDag) -> str | None:
        """The channel in the team's registry entry; None without one."""
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

"""The DAGs in the registry's entries, with the tasks whose history is fetched."""

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from dbt_scheduler.registry.entry import Entry, dag_id, is_external, making_dag_id
from dbt_scheduler.registry.producer import producer_in
from dbt_scheduler.schedule import Interval
from dbt_scheduler.spec import Producer, Schedule
from dbt_scheduler.waits.run_interval import AirflowRun, interval_of_run
from dbt_scheduler.waits.wait import Wait, registered_waits


class RegisteredDag(msgspec.Struct, frozen=True, kw_only=True):
    """A team's DAG for a pipeline: its exposed assets with their tasks and SLOs, and its waits."""

    team: str
    pipeline: str
    dag_id: str
    schedule: Schedule
    assets: Mapping[str, Producer]
    waits: tuple[Wait, ...]
    wait_timeout_seconds: int | None
    external: bool

    def interval(self, run: AirflowRun) -> Interval:
        """The data interval of a run."""
        return interval_of_run(self.schedule, run, external=self.external)

    @property
    def task_ids(self) -> list[str]:
        """The tasks that produce its exposed assets, and its sensors."""
        return sorted({each.task_id for each in self.assets.values()} | {wait.task_id for wait in self.waits})


def registered_dags(entries: Mapping[str, Entry]) -> tuple[RegisteredDag, ...]:
    """The DAGs of all teams, by team and pipeline."""
    waits: dict[str, list[Wait]] = defaultdict(list)
    for wait in registered_waits(entries):
        waits[wait.dag_id].append(wait)
    found = []
    for team, entry in entries.items():
        assets: dict[tuple[str, str], dict[str, Producer]] = defaultdict(dict)
        if not is_external(entry):
            assets |= {(pipeline, dag_id(entry.dag_prefix, pipeline)): {} for pipeline in entry.pipelines}
        for asset, made in entry.produced.items():
            for pipeline, promise in made.pipelines.items():
                if promise.exposed:
                    producer = producer_in(entry, made, pipeline)
                    assets[pipeline, making_dag_id(made, pipeline)][asset] = producer
        found += [
            RegisteredDag(
                team=team,
                pipeline=pipeline,
                dag_id=dag,
                schedule=entry.pipelines[pipeline],
                assets=exposed,
                waits=tuple(wait for wait in waits[dag] if wait.team == team),
                external=is_external(entry),
                wait_timeout_seconds=entry.wait_timeout_seconds or None,
            )
            for (pipeline, dag), exposed in sorted(assets.items())
        ]
    return tuple(found)

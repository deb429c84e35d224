"""The consumers of a task's data: sensors that wait for a run, other sensors, and the task's own past waits."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from dbt_scheduler.airflow_api.address import ui_url
from dbt_scheduler.airflow_api.answers import Run, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.explain.dags import KnownDag
from dbt_scheduler.registry.entry import Entry, full_task_id
from dbt_scheduler.resume.waiting_sensors import find_runs_waiting_for
from dbt_scheduler.waits.deadline import known_deadline
from dbt_scheduler.waits.decision import awaited_by
from dbt_scheduler.waits.run_interval import interval_of_run
from dbt_scheduler.waits.wait import Wait, waits_for


class WaitingSensor(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor that waits for the data of this run; ``until`` is None if neither an SLO nor a wait timeout is known."""

    team: str
    channel: str | None
    dag_id: str
    run_id: str
    sensor_task_id: str
    dependency: str
    state: str | None
    since: datetime | None
    until: datetime | None
    url: str


class LaterConsumer(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor on the same assets that does not wait for this run: not yet, no longer, or never."""

    team: str
    channel: str | None
    dag_id: str
    sensor_task_id: str
    dependency: str


class PastWait(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor upstream of the task in its own run: its asset, and when it started and ended."""

    sensor_task_id: str
    team: str
    asset: str
    dependency: str
    state: str | None
    start: datetime | None
    end: datetime | None
    url: str


class Waiting(msgspec.Struct, frozen=True):
    """The sensors that wait for a task in a run, those that do not wait for that run, and the task's own waits."""

    waiting: tuple[WaitingSensor, ...]
    later: tuple[LaterConsumer, ...]
    waited: tuple[PastWait, ...]


class Waits:
    """Finds waits from the registry's entries and Airflow. Raises AirflowApiError."""

    def __init__(self, entries: Mapping[str, Entry], api: AirflowApi) -> None:
        self._entries = entries
        self._api = api

    def around(self, known: KnownDag, task_id: str | None, run: Run) -> Waiting:
        """The waits for the assets of a task and its downstream tasks; without a task, of the whole run."""
        waits = self._waits_for(known, task_id)
        found = find_runs_waiting_for(self._api, waits, interval_of_run(known.schedule, run)) if waits else []
        named = {(wait.dag_id, wait.task_id) for _, _, wait in found}
        return Waiting(
            tuple(sorted(self._sensors(found), key=lambda each: (each.team, each.dag_id, each.run_id))),
            tuple(self._later(wait) for wait in waits if (wait.dag_id, wait.task_id) not in named),
            tuple(self._waited(known, task_id, run)),
        )

    def _waits_for(self, known: KnownDag, task_id: str | None) -> tuple[Wait, ...]:
        entry = self._entries.get(known.team)
        if entry is None:
            return ()
        below = None if task_id is None else known.descendants(task_id)
        assets = [
            asset
            for asset, made in entry.produced.items()
            if below is None or full_task_id(made.task_group, made.task_id) in below
        ]
        return waits_for(self._entries, known.team, assets, known.dag_id)

    def _sensors(self, found: Iterable[tuple[TaskInstance, Run, Wait]]) -> Iterator[WaitingSensor]:
        for instance, run, wait in found:
            yield WaitingSensor(
                team=wait.team,
                channel=self._channel(wait.team),
                dag_id=wait.dag_id,
                run_id=instance.run_id,
                sensor_task_id=wait.task_id,
                dependency=self._dependency(wait),
                state=instance.state,
                since=instance.start_date,
                until=self._until(instance, run, wait),
                url=ui_url(self._api.url, *instance.id_),
            )

    def _until(self, instance: TaskInstance, run: Run, wait: Wait) -> datetime | None:
        timeout = self._entries[wait.team].wait_timeout_seconds or None
        started = instance.start_date or datetime.now(UTC)
        return known_deadline(timeout, wait.producer, awaited_by(wait, run).interval, started)

    def _later(self, wait: Wait) -> LaterConsumer:
        return LaterConsumer(
            team=wait.team,
            channel=self._channel(wait.team),
            dag_id=wait.dag_id,
            sensor_task_id=wait.task_id,
            dependency=self._dependency(wait),
        )

    def _waited(self, known: KnownDag, task_id: str | None, run: Run) -> Iterator[PastWait]:
        above = sorted(
            known.sensors.keys() & (known.sensors if task_id is None else known.ancestors(task_id))
        )
        if not above:
            return
        where = RunFilter(dag_ids=(known.dag_id,), run_ids=(run.run_id,), task_ids=above)
        for instance in sorted(self._api.task_instances(where), key=lambda each: each.task_id):
            sensor = known.sensors[instance.task_id]
            yield PastWait(
                sensor_task_id=sensor.task_id,
                team=sensor.team,
                asset=sensor.asset,
                dependency=sensor.dependency,
                state=instance.state,
                start=instance.start_date,
                end=instance.end_date,
                url=ui_url(self._api.url, *instance.id_),
            )

    def _channel(self, team: str) -> str | None:
        return self._entries[team].contact.channel

    @staticmethod
    def _dependency(wait: Wait) -> str:
        """The dependency kind, from the name of the sensor's task group."""
        return "soft" if "soft" in wait.task_id.partition(".")[0] else "hard"

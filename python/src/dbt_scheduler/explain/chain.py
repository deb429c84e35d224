"""Follows what a task waits for, through its run and on into the runs of other DAGs."""

from datetime import datetime

from dbt_scheduler.airflow_api.http import AirflowApiError
from dbt_scheduler.airflow_api.reader import Airflow, Run, TaskInstance, interval_of
from dbt_scheduler.explain.messages import WAITING, Told, about_pool, about_run, about_task, about_wait
from dbt_scheduler.explain.run_snapshot import Scene, ancestors
from dbt_scheduler.explain.runs import NoRunError, asked_run, awaited_run
from dbt_scheduler.explain.steps import Step, Stepping
from dbt_scheduler.output import Deployed
from dbt_scheduler.registry.producer import NoProducerError, gives_up
from dbt_scheduler.schedule import awaited, before_start
from dbt_scheduler.spec import DagSpec, Producer, Sensor

_MOST_RUNS = 25
"""How many runs one explanation looks into: at most four questions to Airflow for each."""
_MOST_CAUSES = 10


class Explainer:
    """Explains one task. Looks at each task of each run once, so that a circle of waits ends."""

    def __init__(self, deployed: Deployed, airflow: Airflow, now: datetime) -> None:
        self._deployed = deployed
        self._airflow = airflow
        self._now = now
        self._scenes: dict[tuple[str, str], Scene] = {}
        self._told: set[tuple[str, str, str]] = set()

    def explain(self, spec: DagSpec, task_id: str, wanted: str | None) -> Step:
        """Why that task did or did not run: in the newest run, or the one of a run id or logical date.

        Raises NotFoundError for a run that is not there, and AirflowApiError.
        """
        stepping = self._stepping(spec.dag_id, spec.team, spec, spec)
        try:
            run = asked_run(self._airflow, spec, wanted, self._now)
        except NoRunError as error:
            return stepping.without_run(task_id, None, str(error))
        return self._task(self._scene(run, spec, task_id), stepping.of(run), task_id)

    def _task(self, scene: Scene, stepping: Stepping, task_id: str, through: tuple[str, ...] = ()) -> Step:
        key = (scene.run.dag_id, scene.run.run_id, task_id)
        if key in self._told:
            told = Told("is told above", ends=False)
            return stepping.step(task_id, scene.state(task_id), told, through=through)
        self._told.add(key)
        blockers = list(scene.blockers(task_id))
        instance, sensor = scene.tasks.get(task_id), scene.sensor(task_id)
        state = scene.state(task_id)
        if sensor and not blockers and (state in WAITING or state == "failed"):
            return self._wait(scene, stepping, sensor, through)
        of_run = about_run(scene, task_id)
        told = of_run or self._of_pool(instance) or about_task(instance, scene, blocked=bool(blockers))
        if blockers and not of_run:
            causes = [self._task(scene, stepping, each, via) for each, via in blockers[:_MOST_CAUSES]]
            more = len(blockers) - len(causes)
            text = f"{told.text} ({more} more are not told)" if more else told.text
            return stepping.step(task_id, state, Told(text), tuple(causes), through=through)
        return stepping.step(task_id, state, told, through=through)

    def _of_pool(self, instance: TaskInstance | None) -> Told | None:
        """What holds up a task that could start, if it is its pool."""
        if instance is None or instance.state != "scheduled" or not instance.pool:
            return None
        try:
            return about_pool(instance.pool, self._airflow.pool(instance.pool))
        except AirflowApiError:  # whom it lets see tasks, Airflow may not let see pools
            return None

    def _wait(self, scene: Scene, stepping: Stepping, sensor: Sensor, through: tuple[str, ...]) -> Step:
        """A sensor that waits, or gave up: what became of the run that it is about."""
        spec, state = scene.spec, scene.state(sensor.task_id)
        instance = scene.tasks[sensor.task_id]
        if spec is None:
            raise RuntimeError("only a spec has sensors")
        try:
            producer = self._deployed.producer(sensor, spec)
        except NoProducerError as error:
            return stepping.step(sensor.task_id, state, Told(str(error)), through=through)
        interval = awaited(spec.schedule, interval_of(scene.run, spec.schedule), producer.schedule)
        until = gives_up(sensor, producer, interval, instance.start_date or self._now)
        cause = self._producer(producer, sensor, spec, interval.start)
        told = about_wait(instance, sensor, until, arrived=cause.state == "success")
        causes = () if before_start(producer.schedule, interval) else (cause,)
        return stepping.step(sensor.task_id, state, told, causes, through=through)

    def _producer(self, producer: Producer, sensor: Sensor, consumer: DagSpec, date: datetime) -> Step:
        spec = self._deployed.find(producer.dag_id)
        stepping = self._stepping(producer.dag_id, sensor.team, spec, consumer)
        if len(self._scenes) >= _MOST_RUNS:
            text = f"is not followed further: {_MOST_RUNS} runs were looked into"
            return stepping.without_run(producer.task_id, date, text)
        try:
            run = awaited_run(self._airflow, producer, date, self._now)
        except NoRunError as error:
            return stepping.without_run(producer.task_id, date, str(error), producer.schedule)
        scene = self._scene(run, spec, producer.task_id)
        return self._task(scene, stepping.of(run, producer.schedule), producer.task_id)

    def _scene(self, run: Run, spec: DagSpec | None, task_id: str) -> Scene:
        """The run, with the tasks that bear on one of its tasks."""
        key = (run.dag_id, run.run_id)
        known = self._scenes[key].tasks if key in self._scenes else {}
        wanted = ancestors(spec, task_id) if spec else {task_id}
        missing = wanted - known.keys()
        found = self._airflow.tasks(run, missing) if missing else {}
        self._scenes[key] = Scene(run, self._airflow.dag(run.dag_id), spec, {**known, **found})
        return self._scenes[key]

    def _stepping(self, dag_id: str, team: str, spec: DagSpec | None, reader: DagSpec) -> Stepping:
        entry = self._deployed.entry(team, reader)
        channel = entry.contact.channel if entry else None
        if channel is None and spec:
            channel = spec.channel
        return Stepping(dag_id, team, channel, spec.schedule if spec else None, self._airflow.url)

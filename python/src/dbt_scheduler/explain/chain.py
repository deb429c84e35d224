"""Follows what a task waits for, through its run and on into the runs of other DAGs."""

from datetime import datetime

from dbt_scheduler.airflow_api.http import AirflowApiError
from dbt_scheduler.airflow_api.reader import AirflowReader, RunDetails, TaskDetails, interval_of
from dbt_scheduler.explain.messages import (
    WAITING,
    TaskMessage,
    about_pool,
    describe_run,
    describe_task,
    describe_wait,
)
from dbt_scheduler.explain.run_snapshot import RunSnapshot, ancestors
from dbt_scheduler.explain.runs import NoRunError, find_awaited_run, find_requested_run
from dbt_scheduler.explain.steps import Step, StepBuilder
from dbt_scheduler.output import DeployedDags
from dbt_scheduler.registry.producer import NoProducerError, wait_deadline
from dbt_scheduler.schedule import awaited_interval, before_start
from dbt_scheduler.spec import DagSpec, Producer, Sensor

_MOST_RUNS = 25
"""How many runs one explanation looks into: at most four questions to Airflow for each."""
_MOST_CAUSES = 10


class Explainer:
    """Explains one task. Looks at each task of each run once, so that a cycle of waits ends."""

    def __init__(self, deployed: DeployedDags, airflow: AirflowReader, now: datetime) -> None:
        self._deployed = deployed
        self._airflow = airflow
        self._now = now
        self._snapshots: dict[tuple[str, str], RunSnapshot] = {}
        self._explained: set[tuple[str, str, str]] = set()

    def explain(self, spec: DagSpec, task_id: str, wanted: str | None) -> Step:
        """Why that task did or did not run: in the newest run, or the one of a run id or logical date.

        Raises UsageError for a run that is not there, and AirflowApiError.
        """
        builder = self._step_builder(spec.dag_id, spec.team, spec, spec)
        try:
            run = find_requested_run(self._airflow, spec, wanted, self._now)
        except NoRunError as error:
            return builder.without_run(task_id, None, str(error))
        return self._task(self._snapshot(run, spec, task_id), builder.of(run), task_id)

    def _task(
        self, snapshot: RunSnapshot, builder: StepBuilder, task_id: str, through: tuple[str, ...] = ()
    ) -> Step:
        key = (snapshot.run.dag_id, snapshot.run.run_id, task_id)
        if key in self._explained:
            message = TaskMessage("is told above", ends=False)
            return builder.step(task_id, snapshot.state(task_id), message, through=through)
        self._explained.add(key)
        blockers = list(snapshot.blockers(task_id))
        instance, sensor = snapshot.tasks.get(task_id), snapshot.sensor(task_id)
        state = snapshot.state(task_id)
        if sensor and not blockers and (state in WAITING or state == "failed"):
            return self._wait(snapshot, builder, sensor, through)
        of_run = describe_run(snapshot, task_id)
        message = (
            of_run or self._of_pool(instance) or describe_task(instance, snapshot, blocked=bool(blockers))
        )
        if blockers and not of_run:
            causes = [self._task(snapshot, builder, each, via) for each, via in blockers[:_MOST_CAUSES]]
            more = len(blockers) - len(causes)
            text = f"{message.text} ({more} more are not told)" if more else message.text
            return builder.step(task_id, state, TaskMessage(text), tuple(causes), through=through)
        return builder.step(task_id, state, message, through=through)

    def _of_pool(self, instance: TaskDetails | None) -> TaskMessage | None:
        """What holds up a task that could start, if it is its pool."""
        if instance is None or instance.state != "scheduled" or not instance.pool:
            return None
        try:
            return about_pool(instance.pool, self._airflow.pool(instance.pool))
        except AirflowApiError:  # whom it lets see tasks, Airflow may not let see pools
            return None

    def _wait(
        self, snapshot: RunSnapshot, builder: StepBuilder, sensor: Sensor, through: tuple[str, ...]
    ) -> Step:
        """A sensor that waits, or gave up: what became of the run that it is about."""
        spec, state = snapshot.spec, snapshot.state(sensor.task_id)
        instance = snapshot.tasks[sensor.task_id]
        if spec is None:
            raise RuntimeError("only a spec has sensors")
        try:
            producer = self._deployed.producer(sensor, spec)
        except NoProducerError as error:
            return builder.step(sensor.task_id, state, TaskMessage(str(error)), through=through)
        interval = awaited_interval(
            spec.schedule, interval_of(snapshot.run, spec.schedule), producer.schedule
        )
        until = wait_deadline(sensor, producer, interval, instance.start_date or self._now)
        cause = self._producer(producer, sensor, spec, interval.start)
        message = describe_wait(instance, sensor, until, arrived=cause.state == "success")
        causes = () if before_start(producer.schedule, interval) else (cause,)
        return builder.step(sensor.task_id, state, message, causes, through=through)

    def _producer(self, producer: Producer, sensor: Sensor, consumer: DagSpec, date: datetime) -> Step:
        spec = self._deployed.find(producer.dag_id)
        builder = self._step_builder(producer.dag_id, sensor.team, spec, consumer)
        if len(self._snapshots) >= _MOST_RUNS:
            text = f"is not followed further: {_MOST_RUNS} runs were looked into"
            return builder.without_run(producer.task_id, date, text)
        try:
            run = find_awaited_run(self._airflow, producer, date, self._now)
        except NoRunError as error:
            return builder.without_run(producer.task_id, date, str(error), producer.schedule)
        snapshot = self._snapshot(run, spec, producer.task_id)
        return self._task(snapshot, builder.of(run, producer.schedule), producer.task_id)

    def _snapshot(self, run: RunDetails, spec: DagSpec | None, task_id: str) -> RunSnapshot:
        """The run, with the tasks that bear on one of its tasks."""
        key = (run.dag_id, run.run_id)
        known = self._snapshots[key].tasks if key in self._snapshots else {}
        wanted = ancestors(spec, task_id) if spec else {task_id}
        missing = wanted - known.keys()
        found = self._airflow.tasks(run, missing) if missing else {}
        self._snapshots[key] = RunSnapshot(run, self._airflow.dag(run.dag_id), spec, {**known, **found})
        return self._snapshots[key]

    def _step_builder(self, dag_id: str, team: str, spec: DagSpec | None, reader: DagSpec) -> StepBuilder:
        entry = self._deployed.entry(team, reader)
        channel = entry.contact.channel if entry else None
        if channel is None and spec:
            channel = spec.channel
        return StepBuilder(dag_id, team, channel, spec.schedule if spec else None, self._airflow.url)

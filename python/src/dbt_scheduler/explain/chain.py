"""Follows the dependencies of a task upstream, within its run and into the runs of other DAGs."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from dbt_scheduler.airflow_api.answers import Backfill, Run, RunKey, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowApiError, AirflowForbiddenError
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.explain.dags import Dags, KnownDag, KnownSensor
from dbt_scheduler.explain.messages import (
    WAITING,
    TaskMessage,
    about_pool,
    describe_run,
    describe_task,
    describe_wait,
)
from dbt_scheduler.explain.run_snapshot import DONE, RunSnapshot
from dbt_scheduler.explain.runs import NoRunError, RunFinder
from dbt_scheduler.explain.steps import Step, StepBuilder
from dbt_scheduler.schedule import Interval
from dbt_scheduler.spec import Producer
from dbt_scheduler.waits.deadline import known_deadline
from dbt_scheduler.waits.decision import AwaitedRun, Reason, awaited_by, decide
from dbt_scheduler.waits.run_interval import BACKFILL
from dbt_scheduler.waits.wait import NoProducer

_MOST_RUNS = 25
"""The maximum number of runs per explanation; each needs up to nine API requests."""
_MOST_CAUSES = 10
_HIDDEN = TaskMessage("is in a DAG that you do not have permission to view in Airflow", hidden=True)


class Explainer:
    """Explains one task. Visits each task of each run once, so that cycles end."""

    def __init__(self, dags: Dags, api: AirflowApi, now: datetime) -> None:
        self._dags = dags
        self._api = api
        self._now = now
        self._finder = RunFinder(api, now)
        self._snapshots: dict[RunKey, RunSnapshot] = {}
        self._explained: set[tuple[str, str, str]] = set()

    def explain(self, known: KnownDag, task_id: str, wanted: str | None) -> Step:
        """Explain why the task did or did not run, in the given run or in the newest one.

        ``wanted`` is a run_id, a logical date or a day (UTC). Raises UsageError if the run is not found, and
        AirflowApiError.
        """
        builder = self._step_builder(known.dag_id, known.team, known, known)
        try:
            run = self._finder.requested(known, wanted)
        except NoRunError as error:
            return builder.without_run(task_id, None, TaskMessage(str(error)))
        return self._task(self._snapshot(run, known, task_id), builder.of(run), task_id)

    def explain_run(self, known: KnownDag, wanted: str | None) -> Step:
        """Explain why a run has not finished: a step without a task, caused by its unfinished leaf tasks.

        Raises UsageError if the run is not found, and AirflowApiError.
        """
        builder = self._step_builder(known.dag_id, known.team, known, known)
        try:
            run = self._finder.requested(known, wanted)
        except NoRunError as error:
            return builder.without_run("", None, TaskMessage(str(error)))
        ends = known.ends()
        found = self._tasks(run, ends)
        undone = [each for each in ends if each in found and found[each].state not in DONE]
        causes = tuple(
            self._task(self._snapshot(run, known, each), builder.of(run), each)
            for each in undone[:_MOST_CAUSES]
        )
        message = TaskMessage(f"is {run.state}", ends=not causes)
        return builder.of(run).step("", run.state, message, causes)

    def _task(
        self, snapshot: RunSnapshot, builder: StepBuilder, task_id: str, through: tuple[str, ...] = ()
    ) -> Step:
        key = (*snapshot.run.key, task_id)
        if key in self._explained:
            message = TaskMessage("is explained above", ends=False)
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
            text = f"{message.text} ({more} more not shown)" if more else message.text
            return builder.step(task_id, state, TaskMessage(text), tuple(causes), through=through)
        return builder.step(task_id, state, message, through=through)

    def _of_pool(self, instance: TaskInstance | None) -> TaskMessage | None:
        """The message for a scheduled task that its pool blocks; None if it does not, or must not be seen."""
        if instance is None or instance.state != "scheduled" or not instance.pool:
            return None
        try:
            return about_pool(instance.pool, self._api.pool(instance.pool))
        except AirflowApiError:  # a user with access to tasks may lack access to pools
            return None

    def _wait(
        self, snapshot: RunSnapshot, builder: StepBuilder, sensor: KnownSensor, through: tuple[str, ...]
    ) -> Step:
        """The step of a sensor that is waiting or has failed, caused by the awaited run."""
        known, state = snapshot.known, snapshot.state(sensor.task_id)
        instance = snapshot.tasks[sensor.task_id]
        if known is None:
            raise RuntimeError("only a DAG of ours has sensors")
        wait = self._dags.wait(sensor, known)
        if isinstance(wait, NoProducer):
            return builder.step(
                sensor.task_id, state, TaskMessage(wait.reason, hidden=wait.hidden), through=through
            )
        awaited = awaited_by(wait, snapshot.run)
        until = self._until(sensor, wait.producer, awaited.interval, instance.start_date)
        unneeded = decide(awaited, ()).reason is Reason.BEFORE_START
        causes = () if unneeded else (self._producer(awaited, sensor, known),)
        arrived = any(cause.state == "success" for cause in causes)
        message = describe_wait(instance, sensor, until, arrived=arrived)
        step = builder.step(sensor.task_id, state, message, causes, through=through)
        return msgspec.structs.replace(step, since=instance.start_date, until=until)

    def _until(
        self, sensor: KnownSensor, producer: Producer, run: Interval, started: datetime | None
    ) -> datetime | None:
        return known_deadline(sensor.wait_timeout_seconds, producer, run, started or self._now)

    def _producer(self, awaited: AwaitedRun, sensor: KnownSensor, consumer: KnownDag) -> Step:
        known, date = self._dags.find(awaited.dag_id), awaited.interval.start
        builder = self._step_builder(awaited.dag_id, sensor.team, known, consumer)
        if len(self._snapshots) >= _MOST_RUNS:
            further = TaskMessage(f"is not followed further: the limit of {_MOST_RUNS} runs was reached")
            return builder.without_run(awaited.task_id, date, further)
        try:
            run = self._finder.awaited(awaited)
        except NoRunError as error:
            return builder.without_run(awaited.task_id, date, TaskMessage(str(error)), awaited.schedule)
        except AirflowForbiddenError:
            return builder.without_run(awaited.task_id, date, _HIDDEN, awaited.schedule)
        snapshot = self._snapshot(run, known, awaited.task_id)
        return self._task(snapshot, builder.of(run, awaited), awaited.task_id)

    def _snapshot(self, run: Run, known: KnownDag | None, task_id: str) -> RunSnapshot:
        """The run, with the state of a task and of its ancestors."""
        seen = self._snapshots[run.key].tasks if run.key in self._snapshots else {}
        wanted = known.ancestors(task_id) if known else {task_id}
        found = self._tasks(run, wanted - seen.keys())
        dag, backfill = self._finder.dag(run.dag_id), self._backfill(run)
        self._snapshots[run.key] = RunSnapshot(run, dag, known, {**seen, **found}, backfill)
        return self._snapshots[run.key]

    def _backfill(self, run: Run) -> Backfill | None:
        """The current backfill of the DAG, for a backfill's run that has not started; else None."""
        if run.run_type != BACKFILL or run.state != "queued":
            return None
        try:
            return self._api.current_backfill(run.dag_id)
        except AirflowApiError:  # a user with access to runs may lack access to backfills
            return None

    def _tasks(self, run: Run, task_ids: Collection[str]) -> dict[str, TaskInstance]:
        """These task instances of a run by task_id; missing ones are left out."""
        if not task_ids:
            return {}
        where = RunFilter(dag_ids=(run.dag_id,), run_ids=(run.run_id,), task_ids=sorted(task_ids))
        return {each.task_id: each for each in self._api.task_instances(where)}

    def _step_builder(self, dag_id: str, team: str, known: KnownDag | None, reader: KnownDag) -> StepBuilder:
        channel = self._dags.channel(team, reader)
        if channel is None and known:
            channel = known.channel
        return StepBuilder(dag_id, team, channel, known.schedule if known else None, self._api.url)

"""A whole Airflow in this process: the real scheduler and real tasks on SQLite, no ports, no other processes.

The scheduler's loop runs a few rounds at a time; its executor runs each task immediately, in this process,
against the real execution API. Triggers are run explicitly, each until its first check is done.
"""

import asyncio
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pendulum
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.executors.base_executor import BaseExecutor
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.models.xcom import XComModel
from airflow.sdk.api.datamodels._generated import TaskInstance as RunnableTask
from airflow.sdk.execution_time.supervisor import (
    InProcessSupervisorComms,
    InProcessTestSupervisor,
    run_task_in_process,
    set_supervisor_comms,
)
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, State
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import select, update

from airflow_names import DagBag, a_scheduler, import_string, parse_folder, sync_bag_to_db
from dbt_scheduler.compiler.writing import resume_stub
from dbt_scheduler.registry.entry import Entry
from dbt_scheduler.schedule import Interval, manual_interval, run_interval
from dbt_scheduler.spec import RESUME_DAG, STUB, DagSpec, Schedule

BUNDLE = "dags-folder"


def moment(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@contextmanager
def airflows_own_warnings() -> Iterator[None]:
    """Airflow 3.3 warns about its own components if the scheduler and tasks run in one process, as here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Platform:
    """An Airflow and its registry: deploys DAGs, creates runs, and returns their states."""

    def __init__(self, out: Path) -> None:
        self.dags = out / "dags"
        self.registry = out / "registry"
        self.dags.mkdir()
        self.registry.mkdir()
        self._bag: DagBag | None = None

    def deploy(self, *specs: DagSpec) -> None:
        """Write specs and stubs like the compiler, and let Airflow parse and store them."""
        for spec in specs:
            (self.dags / f"{spec.dag_id}.json").write_bytes(msgspec.json.encode(spec))
            (self.dags / f"{spec.dag_id}.py").write_text(STUB)
        self._bag = self.parse()
        assert not self._bag.import_errors
        with airflows_own_warnings():
            DagBundlesManager().sync_bundles_to_db()
            sync_bag_to_db(self._bag, BUNDLE, None)
        with create_session() as session:
            # # Unpaused, but without a next run: tests create their own runs.
            session.execute(update(DagModel).values(is_paused=False, next_dagrun_create_after=None))

    def write_by_hand(self, dag_id: str, code: str) -> None:
        """Write the file of a hand-written DAG, for the next deployment."""
        (self.dags / f"{dag_id}.py").write_text(code)

    def deploy_sweep(self, spec: DagSpec) -> None:
        """Write the sweep's DAG, like the compiler, for the next deployment."""
        (self.dags / f"{RESUME_DAG}.py").write_text(resume_stub(spec))

    def parse(self) -> DagBag:
        """What Airflow's own parser reads from the folder."""
        return parse_folder(self.dags, BUNDLE)

    def publish(self, team: str, entry: Entry) -> None:
        """Write a team's entry to the registry."""
        (self.registry / f"{team}.json").write_bytes(msgspec.json.encode({team: entry}))

    def run(self, dag_id: str, at: str, *, manual: bool = False, backfill: bool = False, **conf: Any) -> str:
        """Create a run: the scheduled or backfilled one whose interval starts at this time, or a manual one for it."""
        date = moment(at)
        interval = (manual_interval if manual else run_interval)(self._schedule(dag_id), date)
        scheduled = DagRunType.BACKFILL_JOB if backfill else DagRunType.SCHEDULED
        kind = DagRunType.MANUAL if manual else scheduled
        return self._run(dag_id, kind, date if manual else interval.end, conf, date, interval)

    def run_by_hand(self, dag_id: str, at: str, *, manual: bool = False) -> str:
        """Create a run of a hand-written DAG, like its timetable at a tick, or a user at any time."""
        with create_session() as session:
            made = SerializedDagModel.get_dag(dag_id, session=session).timetable.infer_manual_data_interval(
                run_after=pendulum.instance(moment(at))
            )
        interval = Interval(made.start, made.end)
        kind = DagRunType.MANUAL if manual else DagRunType.SCHEDULED
        return self._run(dag_id, kind, moment(at), {}, moment(at) if manual else made.start, interval)

    def run_without_date(self, dag_id: str, at: str) -> str:
        """Create a manual run at this time, without a logical date."""
        return self._run(dag_id, DagRunType.MANUAL, moment(at), {})

    def _run(  # noqa: PLR0913, PLR0917 - what a run is made of
        self,
        dag_id: str,
        kind: DagRunType,
        run_after: datetime,
        conf: dict[str, Any],
        date: datetime | None = None,
        interval: Interval | None = None,
    ) -> str:
        run_id: str = kind.generate_run_id(suffix=run_after.isoformat())
        with create_session() as session, airflows_own_warnings():
            SerializedDagModel.get_dag(dag_id, session=session).create_dagrun(
                run_id=run_id,
                logical_date=date,
                data_interval=(interval.start, interval.end) if interval else None,
                run_after=run_after,
                run_type=kind,
                triggered_by=DagRunTriggeredByType.TEST,
                state=DagRunState.QUEUED,
                conf=conf,
                session=session,
            )
        return run_id

    def work(self, rounds: int = 36) -> None:
        """Run the scheduler, tasks and due triggers until nothing changes anymore."""
        before, same = None, 0
        for _ in range(rounds):
            self._wait_until_due()
            self.schedule(1 if same else 3)
            self._trigger_once()
            after = self.everything()
            same = same + 1 if after == before else 0
            if same == 2 or self._is_over():  # a single round may have been too early for a run
                return
            before = after
        raise AssertionError(f"Airflow did not settle: {before}")

    @staticmethod
    def _is_over() -> bool:
        """Whether all runs and all of their tasks have ended."""
        with create_session() as session:
            runs = select(DagRun.id).where(DagRun.state.in_(State.unfinished_dr_states))
            tasks = select(TaskInstance.id).where(TaskInstance.state.in_(State.unfinished))
            return not session.scalars(runs.limit(1)).all() and not session.scalars(tasks.limit(1)).all()

    def _wait_until_due(self) -> None:
        """Wait: SQLite's clock has whole seconds, so a run that was created in this second is due in the next one."""
        with create_session() as session:
            query = select(DagRun.run_after).where(DagRun.state == "queued")
            asked = [each for each in session.scalars(query) if each <= datetime.now(UTC)]
        while asked and datetime.now(UTC).replace(microsecond=0) < max(asked):
            time.sleep(0.05)

    def schedule(self, loops: int = 3) -> None:
        """Run a few rounds of the scheduler's loop, without a triggerer."""
        with airflows_own_warnings():
            a_scheduler(_Executor(self), num_runs=loops, scheduler_idle_sleep_time=0)._execute()

    def state(self, dag_id: str, task_id: str | None = None, run_id: str | None = None) -> str | None:
        """The state of a task or of a run, in the only run or in the given one."""
        with create_session() as session:
            what = DagRun.state if task_id is None else TaskInstance.state
            model = DagRun if task_id is None else TaskInstance
            query = select(what).where(model.dag_id == dag_id)
            if task_id:
                query = query.where(TaskInstance.task_id == task_id)
            if run_id:
                query = query.where(model.run_id == run_id)
            found = session.scalars(query).one()
            return None if found is None else str(found)

    def states(self, dag_id: str) -> dict[str, str | None]:
        """The states of all tasks of a DAG with one run."""
        with create_session() as session:
            found = session.execute(
                select(TaskInstance.task_id, TaskInstance.state).where(TaskInstance.dag_id == dag_id)
            )
            return {task_id: state and str(state) for task_id, state in found}

    def runs(self, dag_id: str) -> list[str]:
        """The ids of a DAG's runs."""
        with create_session() as session:
            return list(session.scalars(select(DagRun.run_id).where(DagRun.dag_id == dag_id)))

    def tries(self, dag_id: str) -> dict[str, int]:
        """The number of tries of each task of a DAG with one run."""
        with create_session() as session:
            query = select(TaskInstance.task_id, TaskInstance.try_number).where(TaskInstance.dag_id == dag_id)
            return {row.task_id: row.try_number for row in session.execute(query)}

    def note(self, dag_id: str, task_id: str) -> str | None:
        """The note on a task in the only run."""
        with create_session() as session:
            query = select(TaskInstance).where(TaskInstance.dag_id == dag_id, TaskInstance.task_id == task_id)
            return session.scalars(query).one().note

    def xcom(self, dag_id: str, task_id: str, key: str) -> Any:
        """An XCom of a task, or None."""
        with create_session() as session:
            found = session.scalars(
                select(XComModel).where(
                    XComModel.dag_id == dag_id, XComModel.task_id == task_id, XComModel.key == key
                )
            ).first()
            return None if found is None else XComModel.deserialize_value(found)

    def link(self, dag_id: str, task_id: str) -> Any:
        """The URL of a sensor's link, as in the UI."""
        (link,) = self.task(dag_id, task_id).operator_extra_links
        return self.xcom(dag_id, task_id, link.xcom_key)

    def set_state(self, dag_id: str, task_id: str, run_id: str, state: str | None) -> None:
        """Set a task's state directly in the database."""
        with create_session() as session:
            session.execute(
                update(TaskInstance)
                .where(
                    TaskInstance.dag_id == dag_id,
                    TaskInstance.task_id == task_id,
                    TaskInstance.run_id == run_id,
                )
                .values(state=state)
            )

    def let_time_pass(self) -> None:
        """Let the timeouts of all deferred tasks expire."""
        with create_session() as session:
            session.execute(
                update(TaskInstance)
                .where(TaskInstance.state == "deferred")
                .values(trigger_timeout=datetime.now(UTC) - timedelta(seconds=1))
            )
        with airflows_own_warnings():
            a_scheduler(_Executor(self)).check_trigger_timeouts()

    def _schedule(self, dag_id: str) -> Schedule:
        return msgspec.json.decode((self.dags / f"{dag_id}.json").read_bytes(), type=DagSpec).schedule

    def _trigger_once(self) -> None:
        with create_session() as session:
            due = session.execute(
                select(TaskInstance.id, Trigger)
                .join(Trigger, TaskInstance.trigger_id == Trigger.id)
                .where(TaskInstance.state == "deferred")
            ).all()
            waiting = [(ti_id, trigger.id, trigger.classpath, trigger.kwargs) for ti_id, trigger in due]
        for ti_id, trigger_id, classpath, kwargs in waiting:
            with airflows_own_warnings():
                event = _first_event(import_string(classpath)(**kwargs), ti_id)
                if event is not None:
                    with create_session() as session:
                        Trigger.submit_event(trigger_id, event, session=session)

    def everything(self) -> Any:
        """The states of all runs and tasks, to compare."""
        with create_session() as session:
            tasks = session.execute(select(TaskInstance.id, TaskInstance.state, TaskInstance.try_number))
            runs = session.execute(select(DagRun.id, DagRun.state))
            return (sorted(map(str, tasks)), sorted(map(str, runs)))

    def task(self, dag_id: str, task_id: str) -> Any:
        """The operator, newly parsed like on a worker."""
        assert self._bag is not None
        return self._bag.dags[dag_id].get_task(task_id)


def _first_event(trigger: Any, ti_id: Any) -> Any:
    """The event of a trigger's first check; None if it continues to wait."""
    supervisor = InProcessTestSupervisor(
        id=ti_id,
        pid=0,
        process=None,
        process_log=None,
        client=InProcessTestSupervisor._api_client(),
    )
    supervisor.comms = InProcessSupervisorComms(supervisor=supervisor)

    async def first() -> Any:
        try:
            return await anext(trigger.run())
        except _WantsToSleepError:
            return None

    here, real = threading.get_ident(), asyncio.sleep

    def sleep(*arguments: Any) -> Any:  # an API server may be running in another thread
        if threading.get_ident() == here:
            raise _WantsToSleepError
        return real(*arguments)

    with set_supervisor_comms(supervisor.comms), mock.patch("asyncio.sleep", sleep):
        return asyncio.run(first())


class _WantsToSleepError(Exception):
    """The trigger has checked, and would check again later."""


class _Executor(BaseExecutor):
    """Runs a task as soon as the scheduler queues it."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(parallelism=32)
        self._platform = platform

    def _process_workloads(self, workloads: Sequence[Any]) -> None:
        for workload in workloads:
            ti = workload.ti
            self.queued_tasks.pop(ti.key, None)
            if self._platform.state(ti.dag_id, ti.task_id, ti.run_id) != "queued":
                self.success(ti.key)  # marked by the callback of another task: Airflow does not start it
                continue
            runnable = RunnableTask(
                id=ti.id,
                task_id=ti.task_id,
                dag_id=ti.dag_id,
                run_id=ti.run_id,
                try_number=ti.try_number,
                map_index=ti.map_index,
                dag_version_id=ti.dag_version_id,
            )
            run_task_in_process(ti=runnable, task=self._platform.task(ti.dag_id, ti.task_id))
            self.success(ti.key)

    def end(self) -> None:
        """Nothing is running."""

    def terminate(self) -> None:
        """Nothing is running."""

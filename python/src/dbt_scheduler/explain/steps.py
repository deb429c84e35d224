"""The steps of an explanation, their construction, and the search for root causes."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from dbt_scheduler.airflow_api.address import ui_url
from dbt_scheduler.airflow_api.answers import Run
from dbt_scheduler.explain.messages import TaskMessage
from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.decision import AwaitedRun
from dbt_scheduler.waits.run_interval import interval_of_run


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A task in a run: its state in words, its team, its URL in Airflow, and its causes.

    ``run_id`` is None if there is no run. ``logical_date`` is the run's actual or expected one; ``data_interval_start``
    identifies scheduled and manual runs alike. ``through`` lists the tasks between this one and the task that it
    explains. ``ends`` is false for a step that cannot be a root cause: it has succeeded or is explained elsewhere.
    ``since`` and ``until`` are the start and the timeout of a sensor that has started. ``hidden`` is true if the chain
    continues in a DAG that the user is not allowed to view.
    """

    dag_id: str
    task_id: str
    run_id: str | None
    logical_date: datetime | None
    data_interval_start: datetime | None
    schedule: Schedule | None
    state: str | None
    text: str
    team: str
    channel: str | None
    url: str
    through: tuple[str, ...] = ()
    ends: bool = True
    hidden: bool = False
    because: tuple["Step", ...] = ()
    since: datetime | None = None
    until: datetime | None = None


def roots(step: Step) -> Iterator[Step]:
    """The root causes: steps without a cause that still holds, including ``hidden`` ones."""
    # A sensor whose producer has since succeeded is its own root cause.
    if all(each.state == "success" for each in step.because):
        if step.ends:
            yield step
        return
    for each in step.because:
        yield from roots(each)


class StepBuilder(msgspec.Struct, frozen=True):
    """Builds the steps of one DAG and run."""

    dag_id: str
    team: str
    channel: str | None
    schedule: Schedule | None
    ui: str
    run: Run | None = None
    external: bool = False

    def of(self, run: Run, awaited: AwaitedRun | None = None) -> "StepBuilder":
        """The builder for a run; ``awaited`` is set if a sensor waits for it."""
        if awaited is None:
            return msgspec.structs.replace(self, run=run)
        schedule, external = awaited.schedule, awaited.external
        return msgspec.structs.replace(self, run=run, schedule=schedule, external=external)

    def step(
        self,
        task_id: str,
        state: str | None,
        message: TaskMessage,
        because: tuple[Step, ...] = (),
        *,
        through: tuple[str, ...] = (),
    ) -> Step:
        """A step for a task of the run."""
        run_id = self.run.run_id if self.run else None
        return Step(
            dag_id=self.dag_id,
            task_id=task_id,
            run_id=run_id,
            logical_date=self.run.logical_date if self.run else None,
            data_interval_start=self._start(),
            schedule=self.schedule,
            state=state,
            text=message.text,
            team=self.team,
            channel=self.channel,
            url=ui_url(self.ui, self.dag_id, run_id, task_id),
            through=through,
            ends=message.ends,
            hidden=message.hidden,
            because=because,
        )

    def without_run(
        self, task_id: str, date: datetime | None, message: TaskMessage, schedule: Schedule | None = None
    ) -> Step:
        """A step for a task whose run does not exist or is not visible."""
        step = self.step(task_id, None, message)
        return msgspec.structs.replace(
            step, logical_date=date, data_interval_start=date, schedule=schedule or self.schedule
        )

    def _start(self) -> datetime | None:
        if self.run is None:
            return None
        if self.schedule is None:
            return self.run.data_interval_start
        return interval_of_run(self.schedule, self.run, external=self.external).start

"""Makes the steps of one DAG, or of one run of it: what they all have in common is given once."""

from datetime import datetime
from urllib.parse import quote

import msgspec

from dbt_scheduler.explain.facts import Run
from dbt_scheduler.explain.steps import Step
from dbt_scheduler.explain.words import Told
from dbt_scheduler.spec import Schedule


class Stepping(msgspec.Struct, frozen=True):
    """A DAG, whose it is, and the run that the steps are in."""

    dag_id: str
    team: str
    channel: str | None
    schedule: Schedule | None
    ui: str
    run: Run | None = None

    def of(self, run: Run, schedule: Schedule | None = None) -> "Stepping":
        """For the steps in a run."""
        return msgspec.structs.replace(self, run=run, schedule=schedule or self.schedule)

    def step(
        self,
        task_id: str,
        state: str | None,
        told: Told,
        because: tuple[Step, ...] = (),
        *,
        through: tuple[str, ...] = (),
    ) -> Step:
        """A step at a task of the run."""
        run_id = self.run.run_id if self.run else None
        url = f"{self.ui}/dags/{quote(self.dag_id, safe='')}"
        if run_id:
            url += f"/runs/{quote(run_id, safe='')}/tasks/{quote(task_id, safe='')}"
        return Step(
            dag_id=self.dag_id,
            task_id=task_id,
            run_id=run_id,
            logical_date=self.run.logical_date if self.run else None,
            schedule=self.schedule,
            state=state,
            text=told.text,
            team=self.team,
            channel=self.channel,
            url=url,
            through=through,
            ends=told.ends,
            because=because,
        )

    def without_run(
        self, task_id: str, date: datetime | None, text: str, schedule: Schedule | None = None
    ) -> Step:
        """A step at a task whose run is not there."""
        step = self.step(task_id, None, Told(text))
        return msgspec.structs.replace(step, logical_date=date, schedule=schedule or self.schedule)

"""The task states of a DAG run, and which tasks block others."""

from collections import deque
from collections.abc import Iterator

import msgspec

from dbt_scheduler.airflow_api.answers import Backfill, Dag, Run, TaskInstance
from dbt_scheduler.explain.dags import KnownDag, KnownSensor
from dbt_scheduler.waits.decision import OVER

DONE = ("success", "skipped")
_HELD_BACK = (None, "scheduled", "upstream_failed")


class RunSnapshot(msgspec.Struct, frozen=True):
    """A run, its DAG in Airflow, and what the compiler or registry knows of it.

    ``known`` is None for a DAG that dbt-scheduler does not manage. ``backfill`` is set for a backfill run that has not
    started, if known.
    """

    run: Run
    dag: Dag | None
    known: KnownDag | None
    tasks: dict[str, TaskInstance]
    backfill: Backfill | None = None

    def sensor(self, task_id: str) -> KnownSensor | None:
        """The sensor with that task_id, or None."""
        return self.known.sensors.get(task_id) if self.known else None

    def state(self, task_id: str) -> str | None:
        """The state of a task: None before it is scheduled, "removed" if the run does not have it."""
        return self.tasks[task_id].state if task_id in self.tasks else "removed"

    def blockers(self, task_id: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The nearest upstream tasks that block a task, each with the blocked tasks between them, nearest first.

        Empty for a task that has started or that nothing in its run blocks.
        """
        if self.known is None or self.state(task_id) not in _HELD_BACK:
            return
        above, teardowns = self.known.upstream, self.known.teardowns
        queue: deque[tuple[str, tuple[str, ...]]] = deque([(task_id, ())])
        seen = {task_id}
        while queue:
            held, through = queue.popleft()
            direct = self._holding(held, above.get(held, ()), is_teardown=held in teardowns)
            if not direct and held != task_id:
                yield held, through[:-1]
            for each in direct:
                if each in seen:
                    continue
                seen.add(each)
                if self.state(each) in _HELD_BACK:
                    queue.append((each, (*through, each)))
                else:
                    yield each, through

    def _holding(self, task_id: str, above: tuple[str, ...], *, is_teardown: bool) -> list[str]:
        if self.state(task_id) == "upstream_failed":
            return [each for each in above if self.state(each) in ("failed", "upstream_failed")]
        done = OVER if is_teardown else (*DONE, "removed")
        return [each for each in above if self.state(each) not in done]

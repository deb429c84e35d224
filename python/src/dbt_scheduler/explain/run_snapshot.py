"""A run of a DAG with the states of the tasks that matter: who holds up whom."""

from collections import deque
from collections.abc import Iterator

import msgspec

from dbt_scheduler.airflow_api.answers import Backfill, Dag, Run, TaskInstance
from dbt_scheduler.spec import DagSpec, Sensor
from dbt_scheduler.waits.decision import OVER

_DONE = ("success", "skipped")
_HELD_BACK = (None, "scheduled", "upstream_failed")


class RunSnapshot(msgspec.Struct, frozen=True):
    """A run, its DAG in Airflow and its spec; ``spec`` is None for a DAG that was not compiled here.

    ``backfill`` is the one that a run which has not started belongs to, if that is known.
    """

    run: Run
    dag: Dag | None
    spec: DagSpec | None
    tasks: dict[str, TaskInstance]
    backfill: Backfill | None = None

    def sensor(self, task_id: str) -> Sensor | None:
        """The sensor of that id, if it is one."""
        sensors = self.spec.sensors if self.spec else ()
        return next((sensor for sensor in sensors if sensor.task_id == task_id), None)

    def state(self, task_id: str) -> str | None:
        """The state of a task; one that the run does not have counts as removed."""
        return self.tasks[task_id].state if task_id in self.tasks else "removed"

    def blockers(self, task_id: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The nearest tasks above a task that hold it up, and the held up ones in between, the nearest first.

        None for a task that has started, or is held up by nothing in its own run.
        """
        if self.spec is None or self.state(task_id) not in _HELD_BACK:
            return
        above, teardowns = upstream(self.spec), _teardowns(self.spec)
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
        done = OVER if is_teardown else (*_DONE, "removed")
        return [each for each in above if self.state(each) not in done]


def upstream(spec: DagSpec) -> dict[str, tuple[str, ...]]:
    """What each task and sensor of a DAG runs directly after."""
    sensors = {sensor.task_id: sensor.upstream for sensor in spec.sensors}
    return {task.task_id: task.upstream for task in spec.tasks} | sensors


def ancestors(spec: DagSpec, task_id: str) -> set[str]:
    """A task and everything above it in its DAG."""
    above, found, queue = upstream(spec), {task_id}, [task_id]
    while queue:
        for each in above.get(queue.pop(), ()):
            if each not in found:
                found.add(each)
                queue.append(each)
    return found


def _teardowns(spec: DagSpec) -> set[str]:
    return {task.task_id for task in spec.tasks if task.teardown}

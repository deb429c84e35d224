"""Repairs half-resumed runs, which race conditions in Airflow leave behind after a sensor was satisfied.

The scheduler may set ``upstream_failed`` from a state before a task was cleared (apache/airflow#63697), and may end a
run while its tasks are being cleared. Runs that failed for another reason are left alone; repairing is idempotent.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from dbt_scheduler.airflow_api.answers import Run, RunKey, TaskInfo
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter

BROKEN = ("failed", "upstream_failed")
"""The states of failed sensors, and of tasks that failed or could not start."""

_CARRIES_FAILURE = frozenset({None, "all_success", "none_failed", "none_failed_min_one_success"})
"""The trigger rules that lead to ``upstream_failed``; teardowns are not among them."""


class Repair(msgspec.Struct, frozen=True):
    """The repair of a half-resumed run: tasks to clear, or only the run's state to set."""

    clear: tuple[str, ...] = ()
    requeue: bool = False

    def __bool__(self) -> bool:
        return bool(self.clear) or self.requeue


class FailureGraph:
    """The tasks of a DAG among which failures propagate."""

    def __init__(self, tasks: Iterable[TaskInfo]) -> None:
        tasks = tuple(tasks)
        spreads = {task.task_id for task in tasks if task.trigger_rule in _CARRIES_FAILURE}
        self.task_ids = frozenset(task.task_id for task in tasks)
        self._below = {
            task.task_id: tuple(name for name in task.downstream_task_ids or () if name in spreads)
            for task in tasks
        }

    def reached_from(self, task_ids: Iterable[str]) -> set[str]:
        """All tasks that a failure of these reaches."""
        reached: set[str] = set()
        todo = list(task_ids)
        while todo:
            new = [name for name in self._below.get(todo.pop(), ()) if name not in reached]
            reached.update(new)
            todo += new
        return reached


def plan_repair(graph: FailureGraph, states: Mapping[str, str | None], *, over: bool) -> Repair:
    """The repair of a run with these task states; empty if a failed task explains them.

    Tasks that were removed from the DAG need no repair. If a failure may have passed through one, the run is left
    alone.
    """
    failed = [name for name, state in states.items() if state == "failed"]
    gone = {name for name in states if name not in graph.task_ids}
    if failed and any(states[name] in BROKEN for name in gone):
        return Repair()
    unexplained = states.keys() - gone - graph.reached_from(failed)
    clear = tuple(sorted(name for name in unexplained if states[name] == "upstream_failed"))
    stopped = any(states[name] is None for name in unexplained)
    return Repair(clear, over and stopped and not clear)


def repair_runs(api: AirflowApi, runs: Iterable[Run]) -> list[RunKey]:
    """Repair the runs that need it; returns them."""
    by_key = {run.key: run for run in runs}
    if not by_key:
        return []
    graphs = {name: FailureGraph(api.tasks(name)) for name in sorted({key.dag_id for key in by_key})}
    repaired = []
    over = [key for key, run in by_key.items() if run.over]
    states_by_run = read_task_states(api, over, [*BROKEN, None])
    states_by_run |= read_task_states(api, [*(by_key.keys() - over)], [*BROKEN])
    for key, states in sorted(states_by_run.items()):
        repair = plan_repair(graphs[key.dag_id], states, over=by_key[key].over)
        if repair.clear:
            api.clear(key.dag_id, key.run_id, repair.clear)
        elif repair.requeue:
            api.queue_run(key.dag_id, key.run_id)
        if repair:
            repaired.append(key)
    return repaired


def read_task_states(
    api: AirflowApi, keys: Sequence[RunKey], states: Sequence[str | None] | None = None
) -> dict[RunKey, dict[str, str | None]]:
    """The states of the tasks of these runs, all or only certain states, in one list request; each run has an item."""
    wanted: dict[RunKey, dict[str, str | None]] = {key: {} for key in keys}
    if not keys:
        return wanted
    where = RunFilter(
        dag_ids=sorted({key.dag_id for key in keys}),
        run_ids=sorted({key.run_id for key in keys}),
        states=states,
    )
    for each in api.task_instances(where):
        if each.run_key in wanted:
            wanted[each.run_key][each.task_id] = each.state
    return wanted

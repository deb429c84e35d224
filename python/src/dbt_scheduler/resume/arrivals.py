"""Which of the sensors that still wait could go on: what has become of the runs that they wait for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from dbt_scheduler.airflow_api.client import AirflowApi, Run, RunFilter, TaskInstance
from dbt_scheduler.resume.repair import RunKey
from dbt_scheduler.schedule import Interval, awaited_interval, before_start, period
from dbt_scheduler.waits.run_interval import interval_of_run
from dbt_scheduler.waits.wait import Wait

_NEWER = 10
"""How many of the producer's newer runs are looked at when the awaited one does not exist."""


class Arrival(msgspec.Struct, frozen=True):
    """A sensor that need not wait any longer, and the producer's task that has succeeded."""

    sensor: TaskInstance
    made_by: TaskInstance


class _Candidates(msgspec.Struct, frozen=True):
    """Runs of the producer in which a success ends a wait: of the period itself, else of a newer one."""

    same: tuple[RunKey, ...]
    newer: tuple[RunKey, ...]


def find_arrivals(api: AirflowApi, waiting: Sequence[tuple[TaskInstance, Run, Wait]]) -> list[Arrival]:
    """The sensors whose data is there, by the same rules by which a sensor decides itself.

    Two listings, whatever the number of sensors: of the producers' runs, and of their tasks in those that count.
    """
    due = {sensor.id_: _awaited(run, wait) for sensor, run, wait in waiting}
    waiting = [each for each in waiting if not before_start(each[2].producer.schedule, due[each[0].id_])]
    if not waiting:
        return []
    runs = _runs_since(api, waiting, min(due[sensor.id_] for sensor, _, _ in waiting))
    counting = {
        sensor.id_: _candidates(wait, due[sensor.id_], runs[wait.producer.dag_id])
        for sensor, _, wait in waiting
    }
    made = _made(api, (wait for _, _, wait in waiting), counting.values())
    found = []
    for sensor, _, wait in waiting:
        by = _first_success(counting[sensor.id_], wait.producer.task_id, made)
        if by is not None:
            found.append(Arrival(sensor, by))
    return found


def _awaited(run: Run, wait: Wait) -> Interval:
    own = interval_of_run(wait.consumer.schedule, run)
    return awaited_interval(wait.consumer.schedule, own, wait.producer.schedule)


def _runs_since(
    api: AirflowApi, waiting: Iterable[tuple[TaskInstance, Run, Wait]], first: Interval
) -> dict[str, list[Run]]:
    dag_ids = sorted({wait.producer.dag_id for _, _, wait in waiting})
    by_dag: dict[str, list[Run]] = defaultdict(list)
    for run in api.runs(RunFilter(dag_ids=dag_ids, since=first.start)):
        by_dag[run.dag_id].append(run)
    return by_dag


def _candidates(wait: Wait, due: Interval, runs: Iterable[Run]) -> _Candidates:
    schedule = wait.producer.schedule
    wanted = period(schedule, due)
    same, newer = [], []
    for run in runs:
        covered = period(schedule, interval_of_run(schedule, run))
        key = RunKey(run.dag_id, run.run_id)
        if covered == wanted:
            same.append(key)
        elif covered > wanted:
            newer.append((covered, key))
    newest = sorted(newer, reverse=True)[:_NEWER]
    return _Candidates(tuple(same), tuple(key for _, key in newest))


def _made(
    api: AirflowApi, waits: Iterable[Wait], counting: Iterable[_Candidates]
) -> dict[tuple[str, str, str], TaskInstance]:
    tasks = {(wait.producer.dag_id, wait.producer.task_id) for wait in waits}
    run_ids = {key.run_id for each in counting for key in (*each.same, *each.newer)}
    if not run_ids:
        return {}
    where = RunFilter(
        dag_ids=sorted({dag_id for dag_id, _ in tasks}),
        task_ids=sorted({task_id for _, task_id in tasks}),
        run_ids=sorted(run_ids),
    )
    return {each.id_: each for each in api.task_instances(where)}


def _first_success(
    counting: _Candidates, task_id: str, made: dict[tuple[str, str, str], TaskInstance]
) -> TaskInstance | None:
    """Of the period itself; of a newer one only if the task is in no run of the period."""
    same = [made[name] for key in counting.same if (name := (*key, task_id)) in made]
    newer = [made[name] for key in counting.newer if (name := (*key, task_id)) in made]
    gone = all(each.state == "removed" for each in same)
    return next((each for each in [*same, *(newer if gone else [])] if each.state == "success"), None)

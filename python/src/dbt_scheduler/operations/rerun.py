"""Finds the task instances to rerun with a task: in its own DAG and in its consumers' DAGs."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from dbt_scheduler.airflow_api.answers import RunKey, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.operations.order import in_order
from dbt_scheduler.registry.entry import Entry, dag_ids_of
from dbt_scheduler.resume.waiting_sensors import UNSATISFIED, find_sensors_of
from dbt_scheduler.schedule import Interval
from dbt_scheduler.spec import Schedule
from dbt_scheduler.waits.run_interval import interval_of_run
from dbt_scheduler.waits.wait import Wait, registered_waits


class Rerun(msgspec.Struct, frozen=True):
    """A run in which tasks are cleared, from ``start`` on: the task itself, or the sensors.

    ``team`` is None for the first run if no other DAG waits for its DAG; ``asset`` is the input of a consumer's run, as
    ``team.asset``.
    """

    key: RunKey
    start: tuple[str, ...]
    tasks: tuple[TaskInstance, ...]
    team: str | None = None
    asset: str | None = None


class RerunPlan(msgspec.Struct, frozen=True):
    """The runs, producers first; ``circular`` if some depend on each other."""

    runs: list[Rerun]
    circular: bool


def plan_rerun(
    api: AirflowApi, entries: Mapping[str, Entry], task: tuple[str, str, str], *, downstream: bool
) -> RerunPlan:
    """The task instances to rerun with a task (dag_id, run_id, task_id), with ``downstream`` also in consumers' DAGs.

    Consumer runs that are still waiting are left out: they use the new data anyway.

    Raises:
        UsageError: the DAG, run or task is not found in Airflow, or, with ``downstream``, the DAG is not found in
            the registry.

    """
    if downstream and not any(task[0] in dag_ids_of(entry) for entry in entries.values()):
        raise UsageError(
            f"DAG {task[0]} not found in the registry, so the runs that used its data are unknown",
            "publish the DAG's team, correct --registry URL, or leave out --downstream",
        )
    first = _first(api, task, downstream=downstream)
    waits = registered_waits(entries) if downstream else ()
    teams = {wait.producer.dag_id: wait.asset.team for wait in waits}
    planned = {first.key: msgspec.structs.replace(first, team=teams.get(first.key.dag_id))}
    needs: dict[RunKey, set[RunKey]] = {}
    ahead = [first]
    while ahead:
        made = ahead.pop(0)
        for each in _consumers(api, waits, made):
            known = planned.get(each.key)
            needs.setdefault(each.key, set()).add(made.key)
            if known is not None and set(_ids(each)) <= set(_ids(known)):
                continue
            planned[each.key] = _joined(known, each)
            ahead.append(planned[each.key])
    order, circular = in_order(planned, needs)
    return RerunPlan([planned[key] for key in order], circular)


def carry_out(api: AirflowApi, plan: RerunPlan, *, downstream: bool) -> Iterator[Rerun]:
    """Clear the tasks of each run, producers first, so that no sensor sees an old success; yields each cleared run.

    In a cycle no order is right, so all runs are cleared twice: the second time, no old success is left.
    """
    for each in plan.runs * (2 if plan.circular else 1):
        api.clear_from(each.key, each.start, downstream=downstream, dry_run=False)
        yield each


def _first(api: AirflowApi, task: tuple[str, str, str], *, downstream: bool) -> Rerun:
    dag_id, run_id, task_id = task
    if api.dag(dag_id) is None:
        raise UsageError(f"DAG {dag_id} not found in Airflow", "copy the dag_id from Airflow's list of DAGs")
    if api.run(dag_id, run_id) is None:
        raise UsageError(f"run {run_id} of {dag_id} not found", "copy the run_id from Airflow's grid view")
    if api.task_instance(dag_id, run_id, task_id) is None:
        raise UsageError(
            f"task {task_id} not found in {run_id} of {dag_id}", "include the task group in the task_id"
        )
    key = RunKey(dag_id, run_id)
    return Rerun(key, (task_id,), api.clear_from(key, (task_id,), downstream=downstream, dry_run=True))


def _consumers(api: AirflowApi, waits: Iterable[Wait], made: Rerun) -> Iterable[Rerun]:
    """The runs whose sensors used the data of these tasks, with the tasks downstream of each sensor."""
    ids = set(_ids(made))
    of_dag = [wait for wait in waits if wait.producer.dag_id == made.key.dag_id]
    concerned = [wait for wait in of_dag if wait.producer.task_id in ids]
    run = api.run(*made.key) if concerned else None
    by_schedule: dict[tuple[Schedule, bool], list[Wait]] = {}
    for wait in concerned:
        by_schedule.setdefault((wait.producer.schedule, wait.producer.external), []).append(wait)
    for (schedule, external), each in by_schedule.items():
        yield from _sensors(api, each, interval_of_run(schedule, run, external=external)) if run else ()


def _sensors(api: AirflowApi, waits: list[Wait], made: Interval) -> Iterable[Rerun]:
    for sensor, wait in find_sensors_of(api, waits, made).items():
        if sensor.state in UNSATISFIED:
            continue
        start = (sensor.task_id,)
        tasks = api.clear_from(sensor.run_key, start, downstream=True, dry_run=True)
        yield Rerun(sensor.run_key, start, tasks, wait.team, str(wait.asset))


def _joined(known: Rerun | None, more: Rerun) -> Rerun:
    if known is None:
        return more
    tasks = {each.id_: each for each in (*known.tasks, *more.tasks)}
    start = dict.fromkeys((*known.start, *more.start))
    return msgspec.structs.replace(known, start=tuple(start), tasks=tuple(tasks.values()))


def _ids(rerun: Rerun) -> list[str]:
    return [each.task_id for each in rerun.tasks]

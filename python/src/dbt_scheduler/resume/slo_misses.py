"""Finds missed SLOs: assets that are past their SLO and whose task has not succeeded."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from dbt_scheduler.airflow_api.answers import Run, RunKey, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.registry.entry import AssetKey, Entry, dag_ids_of, is_external
from dbt_scheduler.registry.producer import producer_in
from dbt_scheduler.resume.proof import own_dags
from dbt_scheduler.resume.waiting_sensors import UNSATISFIED
from dbt_scheduler.schedule import Interval, scheduled_time
from dbt_scheduler.spec import Producer
from dbt_scheduler.waits.run_interval import interval_of_run


class SloMiss(msgspec.Struct, frozen=True):
    """A late asset: its team, its run, and its due time."""

    key: AssetKey
    task: TaskInstance
    interval: Interval
    due: datetime

    @property
    def name(self) -> str:
        """A stable key of the miss, for deduplication."""
        return f"{self.task.dag_id}/{self.task.run_id}/{self.key}"


def find_slo_misses(
    api: AirflowApi, entries: Mapping[str, Entry], now: datetime, lookback: timedelta
) -> list[SloMiss]:
    """The SLOs that expired within ``lookback`` before ``now`` and are still missed, earliest first.

    Makes two list requests, and one per team. Each goes back only as far as the longest SLO of its team. An entry can
    name any DAG, so only DAGs whose owner in Airflow is the team count; hand-written DAGs count unless another team
    generates them. Only existing runs count, and no manual ones: a paused DAG misses nothing.
    """
    promised = _promised(entries)
    promised = _of_own_dags(api, entries, promised)
    runs = _runs(api, promised, now, lookback)
    # By task instance, because a task may produce several assets with different SLOs.
    late: dict[tuple[str, str, str], list[tuple[AssetKey, Interval, datetime]]] = defaultdict(list)
    by_dag = _by_dag(runs.values())
    for key, producer in promised:
        for run in _ended_within(by_dag[producer.dag_id], now - _slo(producer), lookback):
            interval = interval_of_run(producer.schedule, run, external=producer.external)
            late[run.dag_id, run.run_id, producer.task_id].append(
                (key, interval, _scheduled(run) + _slo(producer))
            )
    if not late:
        return []
    found = [
        SloMiss(key, task, interval, due)
        for task in api.task_instances(RunFilter.of_tasks(late, UNSATISFIED))
        for key, interval, due in late.get(task.id_, ())
    ]
    return sorted(found, key=lambda miss: (miss.due, miss.name))


def _promised(entries: Mapping[str, Entry]) -> list[tuple[AssetKey, Producer]]:
    """Every asset with an SLO, in each pipeline that exposes it, and its task."""
    return [
        (
            AssetKey(team, asset),
            producer_in(entry, made, name),
        )
        for team, entry in sorted(entries.items())
        for asset, made in entry.produced.items()
        for name, each in made.pipelines.items()
        if each.exposed and each.slo_seconds is not None and name in entry.pipelines
    ]


def _of_own_dags(
    api: AirflowApi, entries: Mapping[str, Entry], promised: Sequence[tuple[AssetKey, Producer]]
) -> list[tuple[AssetKey, Producer]]:
    own = own_dags(api, {(key.team, each.dag_id) for key, each in promised if not each.external})
    generated = {each for entry in entries.values() if not is_external(entry) for each in dag_ids_of(entry)}
    return [
        (key, each)
        for key, each in promised
        if (each.dag_id not in generated if each.external else (key.team, each.dag_id) in own)
    ]


def _runs(
    api: AirflowApi, promised: Iterable[tuple[AssetKey, Producer]], now: datetime, lookback: timedelta
) -> dict[RunKey, Run]:
    by_team: dict[str, list[Producer]] = defaultdict(list)
    for key, producer in promised:
        by_team[key.team].append(producer)
    runs: dict[RunKey, Run] = {}
    for producers in by_team.values():
        longest = timedelta(seconds=max(each.slo_seconds or 0 for each in producers))
        dag_ids = sorted({each.dag_id for each in producers})
        listed = api.runs(RunFilter(dag_ids=dag_ids, since=now - lookback - longest, until=now))
        runs |= {run.key: run for run in listed if run.run_type != "manual"}
    return runs


def _by_dag(runs: Iterable[Run]) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = defaultdict(list)
    for run in sorted(runs, key=_scheduled):
        found[run.dag_id].append(run)
    return found


def _ended_within(runs: Sequence[Run], until: datetime, lookback: timedelta) -> Sequence[Run]:
    """The runs that were due in that time range; ``runs`` are those of one DAG, by due time."""
    first, last = (bisect_right(runs, moment, key=_scheduled) for moment in (until - lookback, until))
    return runs[first:last]


def _scheduled(run: Run) -> datetime:
    return scheduled_time(_interval(run))


def _slo(producer: Producer) -> timedelta:
    return timedelta(seconds=producer.slo_seconds or 0)


def _interval(run: Run) -> Interval:
    return Interval(run.data_interval_start or run.run_after, run.data_interval_end or run.run_after)

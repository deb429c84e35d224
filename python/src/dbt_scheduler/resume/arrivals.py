"""Finds the waiting sensors whose producer runs have succeeded."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from dbt_scheduler.airflow_api.answers import Run, RunKey, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.resume.producer_runs import fetch_producer_runs
from dbt_scheduler.waits.decision import AwaitedRun, Status, awaited_by, decide
from dbt_scheduler.waits.wait import Wait


class Arrival(msgspec.Struct, frozen=True):
    """A sensor whose wait is over, and the producer's run that ended it."""

    sensor: TaskInstance
    made_by: RunKey


def find_arrivals(api: AirflowApi, waiting: Sequence[tuple[TaskInstance, Run, Wait]]) -> list[Arrival]:
    """The sensors whose data is ready, by the same rule as the sensors themselves."""
    sensors: dict[AwaitedRun, list[TaskInstance]] = defaultdict(list)
    for sensor, run, wait in waiting:
        awaited = awaited_by(wait, run)
        if decide(awaited, ()).status is Status.WAITING:
            sensors[awaited].append(sensor)
    arrivals = []
    for awaited, runs in fetch_producer_runs(api, sensors).items():
        made = decide(awaited, runs)
        if made.status is Status.DONE and made.run:
            key = RunKey(awaited.dag_id, made.run.run_id)
            arrivals += [Arrival(sensor, key) for sensor in sensors[awaited]]
    return arrivals

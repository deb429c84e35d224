"""Fetches the sensors that are waiting in any run from Airflow, with few list requests."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeVar

from dbt_scheduler.airflow_api.answers import Run, TaskInstance
from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.site.dags import RegisteredDag
from dbt_scheduler.site.fetching import TOGETHER, WAITING, Fetched
from dbt_scheduler.site.history import DagRuns
from dbt_scheduler.site.in_time import InTime

_Item = TypeVar("_Item")
_AFTER_SENSORS, _AT_THE_END = 0.4, 0.05


def fetch_open_waits(api: AirflowApi, dags: Sequence[RegisteredDag]) -> Fetched:
    """The DAGs with their waiting runs and sensors. Raises AirflowApiError."""
    time = InTime(api)
    waiting = [dag for dag in dags if dag.waits]
    asked = [
        RunFilter(
            dag_ids=sorted({dag.dag_id for dag in group}),
            task_ids=sorted({wait.task_id for dag in group for wait in dag.waits}),
            states=WAITING,
        )
        for group in _together(waiting)
    ]
    listed = time.collect([api.newest_task_instances_first(each) for each in asked], left=_AFTER_SENSORS)
    sensors: dict[str, dict[tuple[str, str], TaskInstance]] = defaultdict(dict)
    for each in (each for listing in listed for each in listing.found):
        sensors[each.dag_id][each.run_id, each.task_id] = each
    # Sensors only wait in running runs: a cleared run that is queued again does not count.
    running = [RunFilter(dag_ids=group, states=("running",)) for group in _together(sorted(sensors))]
    runs = time.collect([api.newest_runs_first(each) for each in running], left=_AT_THE_END)
    by_dag: dict[str, dict[str, Run]] = defaultdict(dict)
    for run in (run for listing in runs for run in listing.found):
        by_dag[run.dag_id][run.run_id] = run
    found = tuple(
        DagRuns(dag, list(by_dag[dag.dag_id].values()), sensors[dag.dag_id])
        for dag in waiting
        if dag.dag_id in sensors
    )
    whole = all(each.whole for each in listed) and all(each.whole for each in runs)
    return Fetched(found, () if whole else ("some of the waits",))


def _together(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[at : at + TOGETHER] for at in range(0, len(items), TOGETHER))

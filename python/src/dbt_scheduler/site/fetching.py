"""Asks Airflow for what happened in the DAGs of the registry."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowForbiddenError
from dbt_scheduler.airflow_api.run_filter import RunFilter
from dbt_scheduler.site.dags import RegisteredDag
from dbt_scheduler.site.history import DagRuns

MOST_RUNS = 30
"""Of each DAG, the newest: an hourly one has more than a page could show."""


def fetch_runs(
    api: AirflowApi, dags: Sequence[RegisteredDag], since: datetime, refused: list[str]
) -> Iterator[DagRuns]:
    """The newest runs of each DAG that were due since a moment: a question for the runs, and one for every 100 tasks.

    Of those that were due before, the ones that are not over: a backfill, or a run that is days late, may wait now.
    A DAG that Airflow does not have has none. The ids of those that the login may not see are added to ``refused``.

    Raises:
        AirflowApiError: Airflow does not answer as it should.

    """
    for dag in dags:
        try:
            newest = api.newest_runs(dag.dag_id, MOST_RUNS)
            runs = [run for run in newest if run.run_after >= since or not run.over]
            where = RunFilter(
                dag_ids=(dag.dag_id,), run_ids=[run.run_id for run in runs], task_ids=dag.task_ids
            )
            found = api.task_instances(where) if runs and dag.task_ids else ()
        except AirflowForbiddenError:
            refused.append(dag.dag_id)
            continue
        yield DagRuns(dag, runs, {(each.run_id, each.task_id): each for each in found})

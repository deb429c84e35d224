"""Finds the DAGs of a team, and the waits of other teams for them, before pausing."""

from collections.abc import Mapping

import msgspec

from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.operations import EACH_SECONDS
from dbt_scheduler.registry.entry import Entry, dag_ids_of
from dbt_scheduler.registry.lookup.search import unknown_team
from dbt_scheduler.waits.wait import Wait, registered_waits


class Pausing(msgspec.Struct, frozen=True):
    """A team's DAGs in Airflow, and other teams' waits for their assets."""

    dags: tuple[str, ...]
    waits: tuple[Wait, ...]


def plan_pause(api: AirflowApi, entries: Mapping[str, Entry], team: str) -> Pausing:
    """The DAGs to pause, and the affected waits.

    Raises:
        UsageError: the team is not in the registry, or Airflow has none of its DAGs.

    """
    if team not in entries:
        raise unknown_team(team, set(entries))
    dags = tuple(each for each in dag_ids_of(entries[team]) if _is_there(api, each))
    if not dags:
        raise UsageError(f"no DAG of team {team} found in Airflow", "deploy the output of `compile`")
    waits = registered_waits(entries)
    others = tuple(each for each in waits if each.team != team and each.producer.dag_id in dags)
    return Pausing(dags, others)


def _is_there(api: AirflowApi, dag: str) -> bool:
    api.allow(EACH_SECONDS)
    return api.dag(dag) is not None

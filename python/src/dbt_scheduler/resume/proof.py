"""Verifies registry entries against deployed DAGs, so that no team can affect another team's DAGs."""

import logging
from collections.abc import Set as AbstractSet

from dbt_scheduler.airflow_api.client import AirflowApi

_log = logging.getLogger(__name__)


def own_dags(api: AirflowApi, claims: AbstractSet[tuple[str, str]]) -> set[tuple[str, str]]:
    """The claims (team and DAG) for which the tasks' owner in Airflow is that team.

    A registry entry can name any DAG, so it proves nothing. Makes one list request, none without claims.
    """
    owners = api.owners(sorted({team for team, _ in claims}))
    for team, dag_id in sorted(claims):
        if owners.get(dag_id, (team,)) != (team,):
            others = ", ".join(owners[dag_id])
            _log.warning(
                "%s is a DAG of %s in the registry, but its owner in Airflow is %s: skipped.",
                dag_id,
                team,
                others,
            )
    return {(team, dag_id) for team, dag_id in claims if owners.get(dag_id) == (team,)}

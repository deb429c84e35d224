"""What is deployed against what the registry says: nothing of a team is touched on another team's word."""

import logging
from collections.abc import Collection

from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.waits.wait import Wait

_log = logging.getLogger(__name__)


def keep_proven(api: AirflowApi, waits: Collection[Wait]) -> list[Wait]:
    """Those of the waits whose DAG is the waiting team's own, as its tasks' owner in Airflow says.

    A registry entry is a claim: whoever writes one may name any DAG. One listing, none without waits.
    """
    owners = api.owners(sorted({wait.team for wait in waits}))
    for team, dag_id in sorted({(wait.team, wait.dag_id) for wait in waits}):
        if owners.get(dag_id, (team,)) != (team,):
            others = ", ".join(owners[dag_id])
            _log.warning(
                "%s is in the registry as a DAG of %s, and its owner is %s: left alone.", dag_id, team, others
            )
    return [wait for wait in waits if owners.get(wait.dag_id) == (wait.team,)]

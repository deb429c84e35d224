"""The demo's DAGs in a real Airflow, with a run that waits for another team's table.

Run as a program, with python/tools on its path. It prints the URL of the UI when everything in the run is done that does
not wait for the team shipping, and stops Airflow when its input ends.
"""

import subprocess
import sys
from functools import partial

from demo_airflow import Airflow
from demo_api import Api
from demo_teams import BIN, DEMO, OUT, compile_teams, copy_teams, environment, leave_out_unrunnable
from rich.console import Console

DAG = "playground_daily"
AWAITED = "wait_for__hard_dependencies.fct_shipments"
FREE = (
    "some_task_group_name.produced_output_table",
    "marts.fct_preds",
    "dimensions.dim_segments",
    "dimensions.dim_users",
)
RUNS = (("playground_hourly", "2025-09-09T23"), (DAG, "2025-09-09"))
_TIMEOUT_SECONDS = 3600


def main() -> None:
    """Start everything, then wait."""
    console = Console(file=sys.stderr)
    copy_teams()
    with Airflow(DEMO / "airflow", OUT / "dags", scheduling=False) as airflow:
        compile_teams(console)
        dag_ids = leave_out_unrunnable(console)
        api = airflow.start()
        api.wait_for_dags(dag_ids)
        connection = {"AIRFLOW_CONN_DBT_SCHEDULER_AIRFLOW": api.url}
        for dag_id, period in RUNS:
            command = [BIN / "dbt-scheduler", "run", dag_id, "--period", period]
            subprocess.run(command, cwd=DEMO, env=environment() | connection, stdout=sys.stderr, check=True)
        api.wait_for("a run that only waits", partial(_only_waits, api), _TIMEOUT_SECONDS)
        print(api.url, flush=True)  # noqa: T201 - whoever started this waits for it
        sys.stdin.read()


def _only_waits(api: Api) -> bool | None:
    states = {task["task_id"]: task["state"] for task in api.task_instances(DAG)}
    return (states.get(AWAITED) == "deferred" and {states.get(each) for each in FREE} == {"success"}) or None


if __name__ == "__main__":
    main()
